package rules

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// reportPathForm compares what the implementation makes of a match with what the
// specification says, on calls guessed from the match: each alternative of its
// patterns, other cases of its letters, other names where it leaves one open.
func reportPathForm(p *lint.Pass, x *places, rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
	if m.Method == nil || !isRegex(m.Method) {
		return
	}
	mm := methodMatch(m)
	form, spec := p.Profile.PathForm(mm), profile.SpecForm(mm)
	grouped := p.Profile.PathForm(&profile.MethodMatch{Regex: true, Service: inGroup(mm.Service), Method: inGroup(mm.Method)})
	for _, path := range probePaths(spec) {
		here, there := takes(form, path), takes(spec, path)
		if here == there || takes(grouped, path) == there {
			continue // regex-alternation-ungrouped speaks of what groups mend
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("call %s is not taken by this match, which becomes path %q", path, form.Value),
			Hint:    "give both service and method a pattern of your own",
		}
		severity := diag.Warning
		switch {
		case here:
			d.Message = fmt.Sprintf("call %s is taken by this match as well, which becomes path %q", path, form.Value)
		case !protobufNames(path):
			severity = diag.Info // no protobuf method is called so
		case anchored(m.Method.Service) || anchored(m.Method.Method):
			d.Hint = "leave out the anchors: the path is matched as a whole"
		case isEmpty(m.Method.Service) || isEmpty(m.Method.Method):
			d.Hint = "leave out the name that is empty"
		}
		d.Witness = replayPath(x, rule, i, path, here)
		p.ReportAs(severity, rule.Route.Doc, rule.Path("matches", i, "method"), known(p, "match by regular expression", d))
		return
	}
}

// replayPath sends a path to the hosts of a match and returns the first call that
// ends there, or does not, as it should.
func replayPath(x *places, rule *topology.Rule, match int, path string, taken bool) *diag.Witness {
	for _, pl := range x.match(rule, match) {
		headers, ok := sampleHeaders(pl.entry)
		if !ok {
			continue
		}
		r := to(pl.server, routing.Request{Authority: concrete(pl.entry.Host.Name), Path: path, Headers: headers})
		if res := x.table.LookupOnce(r); (res.Entry == pl.entry) == taken {
			return witness(r, listenerOf(res))
		}
	}
	return nil
}

// probePaths guesses paths that tell readings of a regular expression apart, those
// with protobuf names first.
func probePaths(form profile.PathForm) []string {
	services, methods := probeNames(form.Service, anyService), probeNames(form.Method, anyMethod)
	var out, odd []string
	for _, s := range services {
		for _, m := range methods {
			if len(out)+len(odd) == maxReplays {
				break
			}
			path := "/" + s + "/" + m
			if protobufNames(path) {
				out = append(out, path)
			} else {
				odd = append(odd, path)
			}
		}
	}
	return append(out, odd...)
}

func probeNames(pattern, otherwise string) []string {
	if pattern == "" {
		return []string{otherwise, "0"}
	}
	var out []string
	for _, branch := range branches(pattern) {
		if text, ok := sampleText(branch); ok && !strings.Contains(text, "/") {
			out = append(out, text)
			if lower := strings.ToLower(text); lower != text {
				out = append(out, lower)
			}
		}
	}
	return out
}

// branches are the alternatives of a pattern at its top.
func branches(pattern string) []string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	if parsed.Op != syntax.OpAlternate {
		return []string{pattern}
	}
	out := make([]string, len(parsed.Sub))
	for i, sub := range parsed.Sub {
		out[i] = sub.String()
	}
	return out
}

// protobufNames reports whether service and method of a path are names that a
// protobuf file can declare.
func protobufNames(path string) bool {
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '.' }) {
		for i, c := range name {
			letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// replayHeader sends calls with another value of one header and returns the first
// that the match takes.
func replayHeader(x *places, rule *topology.Rule, match int, name, value string) *diag.Witness {
	for _, pl := range x.match(rule, match) {
		guess, ok := sampleRequest(pl.entry, concrete(pl.entry.Host.Name))
		if !ok {
			continue
		}
		for k := range guess.Headers {
			if guess.Headers[k].Name == name {
				guess.Headers[k].Value = value
			}
		}
		r := to(pl.server, guess)
		if res := x.table.LookupOnce(r); res.Entry == pl.entry {
			return witness(r, listenerOf(res))
		}
	}
	return nil
}

// reportDroppedMatch: an empty match takes every call, but some implementations
// drop it when it stands next to others.
func reportDroppedMatch(p *lint.Pass, x *places, rule *topology.Rule) {
	matches := rule.Route.GRPC.Spec.Rules[rule.Index].Matches
	if !p.Profile.Matching.DropEmptyMatches || len(matches) < 2 {
		return
	}
	for i := range matches {
		if !emptyMatch(&matches[i]) {
			continue
		}
		for _, pl := range x.match(rule, i) {
			r := to(pl.server, routing.Request{Authority: concrete(pl.entry.Host.Name), Path: "/" + anyService + "/" + anyMethod})
			res := x.table.LookupOnce(r)
			if res.Entry != nil && res.Entry.Rule == rule {
				continue
			}
			bug(p, rule.Route.Doc, rule.Path("matches", i), "empty match beside others", diag.Diagnostic{
				Message: fmt.Sprintf("the empty match is dropped, so that the rule does not take every call: %s %s", call(r), ends(res)),
				Hint:    "move it to a rule of its own, without matches",
				Witness: witness(r, listenerOf(res)),
			})
			return
		}
	}
}

// anchored reports whether a name's pattern begins or ends with an anchor.
func anchored(name *string) bool {
	_, start, end := anchors(deref(name, ""))
	return start || end
}

func isEmpty(name *string) bool { return name != nil && *name == "" }

func emptyMatch(m *gatewayv1.GRPCRouteMatch) bool {
	return len(m.Headers) == 0 && (m.Method == nil || deref(m.Method.Service, "") == "" && deref(m.Method.Method, "") == "")
}
