package routing_test

import (
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

type taking int

const (
	no taking = iota
	yes
	dropped
)

// units evaluates the matches of a rule; ok is false when one of its patterns
// does not compile.
func (o *oracle) units(route *topology.Route, rule int, r *routing.Request) (us []profile.Unit, takes []taking, ok bool) {
	ok = true
	if route.HTTP != nil {
		matches := route.HTTP.Spec.Rules[rule].Matches
		if len(matches) == 0 {
			matches = []gatewayv1.HTTPRouteMatch{{}}
		}
		for _, m := range matches {
			u, take, valid := o.httpUnit(&m, r)
			us, takes, ok = append(us, u), append(takes, take), ok && valid
		}
		return us, takes, ok
	}
	matches := route.GRPC.Spec.Rules[rule].Matches
	if len(matches) == 0 {
		matches = []gatewayv1.GRPCRouteMatch{{}}
	}
	empty := func(m gatewayv1.GRPCRouteMatch) bool { return m.Method == nil && len(m.Headers) == 0 }
	for _, m := range matches {
		u, take, valid := o.grpcUnit(&m, r)
		if o.profile.Matching.NotServed {
			take = no
		}
		if o.profile.Matching.DropEmptyMatches && empty(m) && !allOf(matches, empty) {
			take = dropped
		}
		us, takes, ok = append(us, u), append(takes, take), ok && valid
	}
	return us, takes, ok
}

func allOf[T any](vs []T, f func(T) bool) bool {
	return !slices.ContainsFunc(vs, func(v T) bool { return !f(v) })
}

func (o *oracle) grpcUnit(m *gatewayv1.GRPCRouteMatch, r *routing.Request) (u profile.Unit, take taking, ok bool) {
	var mm *profile.MethodMatch
	if m.Method != nil {
		mm = &profile.MethodMatch{
			Regex:   *m.Method.Type == gatewayv1.GRPCMethodMatchRegularExpression,
			Service: m.Method.Service, Method: m.Method.Method,
		}
	}
	u.Path = o.profile.PathForm(mm)
	u.ServiceChars, u.MethodChars = o.profile.Precedence.Chars(mm)
	good, ok := o.path(mm, u.Path, r.Path)
	var hs []headerMatch
	for _, h := range m.Headers {
		hs = append(hs, headerMatch{string(h.Name), h.Value, *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression})
	}
	headersGood, headersOK := o.headers(hs, &u, r)
	if good && headersGood {
		take = yes
	}
	return u, take, ok && headersOK
}

var grpcPath = regexp.MustCompile(`^/[^/\x00-\x20\x7f]+/[^/\x00-\x20\x7f]+$`)

// path evaluates a method match as the specification words it, or, for an
// implementation with a path form of its own, as that form says.
func (o *oracle) path(m *profile.MethodMatch, f profile.PathForm, path string) (good, ok bool) {
	isGRPC := grpcPath.MatchString(path)
	var parts []string
	if isGRPC {
		parts = strings.Split(path[1:], "/")
	}
	if o.profile.Matching.Form == nil {
		if m == nil {
			return true, true
		}
		good, ok = isGRPC, true
		for i, name := range []*string{m.Service, m.Method} {
			if name == nil || *name == "" {
				continue
			}
			got := ""
			if isGRPC {
				got = parts[i]
			}
			is, valid := o.value(*name, m.Regex, false, got)
			good, ok = good && is, ok && valid
		}
		return good, ok
	}
	switch f.Kind {
	case profile.AnyPath:
		return true, true
	case profile.NoPath:
		return false, true
	case profile.RegexPath:
		is, valid := o.value(f.Pattern, true, f.Partial, path)
		return isGRPC && is, valid
	case profile.ExactPath:
		return isGRPC && path == "/"+f.Service+"/"+f.Method, true
	case profile.ServicePath:
		return isGRPC && parts[0] == f.Service, true
	case profile.MethodPath:
		return isGRPC && parts[1] == f.Method, true
	}
	panic("no test profile has such a path form")
}

// value compares one value with a literal or a pattern.
func (o *oracle) value(want string, isRegex, partial bool, got string) (good, ok bool) {
	if !isRegex {
		return got == want, true
	}
	re, known := o.regexps[want]
	if !known {
		re, _ = regexp.Compile(want)
		o.regexps[want] = re
	}
	if re == nil {
		return false, false
	}
	if partial {
		return re.MatchString(got), true
	}
	full, known := o.regexps["^(?:"+want+")$"]
	if !known {
		full = regexp.MustCompile("^(?:" + want + ")$")
		o.regexps["^(?:"+want+")$"] = full
	}
	return full.MatchString(got), true
}

type headerMatch struct {
	name, value string
	regex       bool
}

func (o *oracle) headers(hs []headerMatch, u *profile.Unit, r *routing.Request) (good, ok bool) {
	good, ok = true, true
	seen := map[string]bool{}
	for _, h := range hs {
		if lower := strings.ToLower(h.name); !o.profile.Matching.HeadersAllAnded {
			if seen[lower] {
				continue
			}
			seen[lower] = true
		}
		u.Headers++
		if !h.regex {
			u.ExactHeaders++
		}
		var values []string
		for _, got := range r.Headers {
			if strings.EqualFold(got.Name, h.name) {
				values = append(values, got.Value)
			}
		}
		if !o.profile.Matching.RepeatedAny && len(values) > 0 {
			values = []string{strings.Join(values, ",")}
		}
		one := false
		if _, valid := o.value(h.value, h.regex, true, ""); !valid {
			ok = false
		}
		for _, v := range values {
			is, _ := o.value(h.value, h.regex, o.profile.Matching.HeaderRegexPartial, v)
			one = one || is
		}
		good = good && one
	}
	return good, ok
}

// httpUnit evaluates an HTTPRoute's match for a POST without a query.
func (o *oracle) httpUnit(m *gatewayv1.HTTPRouteMatch, r *routing.Request) (u profile.Unit, take taking, ok bool) {
	kind, value, verb := "PathPrefix", "/", ""
	if m.Path != nil {
		kind, value = string(*m.Path.Type), *m.Path.Value
	}
	if m.Method != nil {
		verb = string(*m.Method)
	}
	form := o.profile.HTTPForm(profile.HTTPMatch{PathType: kind, PathValue: value, Method: verb, QueryParams: len(m.QueryParams)})
	u = profile.Unit{HTTP: true, Path: form, HTTPMethod: m.Method != nil, QueryParams: len(m.QueryParams)}
	good, ok := true, true
	switch {
	case kind == "RegularExpression":
		good, ok = o.value(value, true, o.profile.Matching.HTTPRegexPartial, r.Path)
		good = good && grpcPath.MatchString(r.Path)
	case kind == "Exact":
		good = value == r.Path && grpcPath.MatchString(r.Path)
	case value != "/":
		prefix := strings.TrimSuffix(value, "/")
		good = (r.Path == prefix || strings.HasPrefix(r.Path, prefix+"/")) && grpcPath.MatchString(r.Path)
	}
	if good && (verb == "" || verb == "POST") && len(m.QueryParams) == 0 {
		take = yes
	}
	var hs []headerMatch
	for _, h := range m.Headers {
		hs = append(hs, headerMatch{string(h.Name), h.Value, h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression})
	}
	headersGood, headersOK := o.headers(hs, &u, r)
	if !headersGood {
		take = no
	}
	return u, take, ok && headersOK
}
