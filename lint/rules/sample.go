package rules

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Requests are guessed here from what a match says, one per match. Nothing is
// claimed from a guess: a rule replays the request on the tables and reports only
// what they answer.

// The names of a call where a match leaves them open.
const (
	anyService = "example.Service"
	anyMethod  = "Method"
)

// sampleRequest guesses a call to a host that an entry takes.
func sampleRequest(e *routing.Entry, host string) (routing.Request, bool) {
	path, ok := samplePath(e)
	if !ok {
		return routing.Request{}, false
	}
	headers, ok := sampleHeaders(e)
	return routing.Request{Authority: host, Path: path, Headers: headers}, ok
}

// sampleRule guesses calls to a host that the matches of a GRPCRoute's rule take.
func sampleRule(rule *topology.Rule, host string) []routing.Request {
	if rule.Route.GRPC == nil {
		return nil
	}
	matches := rule.Route.GRPC.Spec.Rules[rule.Index].Matches
	if len(matches) == 0 {
		matches = []gatewayv1.GRPCRouteMatch{{}}
	}
	var out []routing.Request
	for i := range matches {
		path, ok := pathOf(profile.SpecForm(methodMatch(&matches[i])))
		if !ok {
			continue
		}
		if headers, ok := headersOf(&matches[i]); ok {
			out = append(out, routing.Request{Authority: host, Path: path, Headers: headers})
		}
	}
	return out
}

// samplePath guesses a path: from the match as written, and for an HTTPRoute from
// what the implementation makes of it.
func samplePath(e *routing.Entry) (string, bool) {
	form := e.Unit.Path
	if m := grpcMatch(e); m != nil {
		form = profile.SpecForm(methodMatch(m))
	}
	return pathOf(form)
}

// pathOf guesses a path of a form.
func pathOf(form profile.PathForm) (string, bool) {
	service, method, ok := anyService, anyMethod, true
	switch form.Kind {
	case profile.NoPath:
		return "", false
	case profile.ExactPath:
		service, method = form.Service, form.Method
	case profile.ServicePath:
		service = form.Service
	case profile.MethodPath:
		method = form.Method
	case profile.SegmentPath:
		if form.Service != "" {
			service, ok = sampleText(form.Service)
		}
		if form.Method != "" && ok {
			method, ok = sampleText(form.Method)
		}
	case profile.RegexPath:
		var path string
		path, ok = sampleText(form.Pattern)
		service, method, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	}
	if !ok || service == "" || method == "" || strings.Contains(service+method, "/") {
		return "", false
	}
	return "/" + service + "/" + method, true
}

// grpcMatch returns the match of a GRPCRoute that an entry stands for: an empty
// one for a rule without matches, nil for an HTTPRoute.
func grpcMatch(e *routing.Entry) *gatewayv1.GRPCRouteMatch {
	switch {
	case e.Route.GRPC == nil:
		return nil
	case e.Match < 0:
		return &gatewayv1.GRPCRouteMatch{}
	}
	return &e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches[e.Match]
}

// methodMatch is the method of a match as profiles read it.
func methodMatch(m *gatewayv1.GRPCRouteMatch) *profile.MethodMatch {
	if m.Method == nil {
		return nil
	}
	return &profile.MethodMatch{Regex: isRegex(m.Method), Service: m.Method.Service, Method: m.Method.Method}
}

// sampleHeaders guesses headers that satisfy every header condition of an entry.
func sampleHeaders(e *routing.Entry) ([]routing.Header, bool) {
	if m := grpcMatch(e); m != nil {
		return headersOf(m)
	}
	var out []routing.Header
	if e.Match >= 0 {
		for _, h := range e.Route.HTTP.Spec.Rules[e.Rule.Index].Matches[e.Match].Headers {
			if !sampleHeader(&out, string(h.Name), h.Value, deref(h.Type, gatewayv1.HeaderMatchExact) == gatewayv1.HeaderMatchRegularExpression) {
				return nil, false
			}
		}
	}
	return out, true
}

// headersOf guesses headers that satisfy every header condition of a match.
func headersOf(m *gatewayv1.GRPCRouteMatch) ([]routing.Header, bool) {
	var out []routing.Header
	for _, h := range m.Headers {
		if !sampleHeader(&out, string(h.Name), h.Value, deref(h.Type, gatewayv1.GRPCHeaderMatchExact) == gatewayv1.GRPCHeaderMatchRegularExpression) {
			return nil, false
		}
	}
	return out, true
}

// sampleHeader adds a header that satisfies a condition; of equivalent names the
// first counts.
func sampleHeader(out *[]routing.Header, name, value string, regex bool) bool {
	name = strings.ToLower(name)
	for _, h := range *out {
		if h.Name == name {
			return true
		}
	}
	if regex {
		var ok bool
		if value, ok = sampleText(value); !ok {
			return false
		}
	}
	*out = append(*out, routing.Header{Name: name, Value: value})
	return true
}

// sampleText guesses a non-empty text that a regular expression takes as a whole.
func sampleText(pattern string) (string, bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	whole, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return "", false
	}
	parsed = parsed.Simplify()
	for _, optional := range []bool{false, true} {
		if s, ok := write(parsed, optional); ok && s != "" && whole.MatchString(s) {
			return s, true
		}
	}
	return "", false
}

// write writes a text of an expression's language, taking what is optional once
// or not at all. Assertions are left to the test afterwards.
func write(re *syntax.Regexp, optional bool) (string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune), true
	case syntax.OpCharClass:
		return writeClass(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a", true
	case syntax.OpCapture, syntax.OpPlus:
		return write(re.Sub[0], optional)
	case syntax.OpStar, syntax.OpQuest:
		if !optional {
			return "", true
		}
		return write(re.Sub[0], optional)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			s, ok := write(sub, optional)
			if !ok {
				return "", false
			}
			b.WriteString(s)
		}
		return b.String(), true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if s, ok := write(sub, optional); ok {
				return s, true
			}
		}
		return "", false
	case syntax.OpNoMatch:
		return "", false
	}
	return "", true // empty-width
}

// writeClass picks a character of a class, a letter if there is one.
func writeClass(ranges []rune) (string, bool) {
	const preferred = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
	for _, c := range preferred {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= c && c <= ranges[i+1] {
				return string(c), true
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for c := max(ranges[i], ' '); c <= min(ranges[i+1], '~'); c++ {
			if c != '/' {
				return string(c), true
			}
		}
	}
	return "", false
}
