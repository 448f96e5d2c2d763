package rules

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// What gRPC paths and protobuf names look like.
const (
	grpcPath        = `/[^/]+/[^/]+`
	protobufService = `[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*`
	protobufMethod  = `[A-Za-z_][A-Za-z0-9_]*`
)

// textSets makes the texts of expressions, each once.
type textSets map[textSet]*prove.Texts

type textSet struct {
	kind       prove.Kind
	expression string
	partial    bool
}

// of returns the texts of an expression, nil for one that cannot be read or is
// too large to decide.
func (s textSets) of(kind prove.Kind, expression string, partial bool) *prove.Texts {
	key := textSet{kind, expression, partial}
	t, ok := s[key]
	if ok {
		return t
	}
	// Inside a group "a)|(b" would pass for an expression.
	if _, err := syntax.Parse(expression, syntax.Perl); err == nil {
		if texts, err := prove.TextsOf(kind, expression, partial); err == nil {
			t = texts
		}
	}
	s[key] = t
	return t
}

// paths returns the paths of a form, gRPC paths or not; nil where they cannot be
// told.
func (s textSets) paths(f profile.PathForm) *prove.Texts {
	const segment = "[^/]+"
	service, method := segment, segment
	switch f.Kind {
	case profile.RegexPath:
		return s.of(prove.Paths, f.Pattern, f.Partial)
	case profile.NoPath:
		return s.of(prove.Paths, `[^\x00-\x{10FFFF}]`, false)
	case profile.SegmentPath:
		var ok1, ok2 bool
		service, ok1 = inPath(f.Service)
		method, ok2 = inPath(f.Method)
		if !ok1 || !ok2 {
			return nil
		}
	case profile.ExactPath, profile.ServicePath, profile.MethodPath:
		if f.Kind != profile.MethodPath {
			service = regexp.QuoteMeta(f.Service)
		}
		if f.Kind != profile.ServicePath {
			method = regexp.QuoteMeta(f.Method)
		}
	}
	return s.of(prove.Paths, "/"+service+"/"+method, false)
}

// inPath writes the pattern of a segment as a part of one for a path. Anchors
// mean the edges of the segment: at its own edges they say nothing, and elsewhere
// the pattern cannot be written so.
func inPath(pattern string) (string, bool) {
	if pattern == "" {
		return "[^/]+", true
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || !dropAnchors(tree, true, true) {
		return "", false
	}
	return "(?:" + tree.String() + ")", true
}

// dropAnchors turns anchors at the edges of an expression into nothing and reports
// whether there are no others.
func dropAnchors(re *syntax.Regexp, atStart, atEnd bool) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpBeginLine:
		*re = syntax.Regexp{Op: syntax.OpEmptyMatch}
		return atStart
	case syntax.OpEndText, syntax.OpEndLine:
		*re = syntax.Regexp{Op: syntax.OpEmptyMatch}
		return atEnd
	case syntax.OpConcat:
		for i, sub := range re.Sub {
			if !dropAnchors(sub, atStart && i == 0, atEnd && i == len(re.Sub)-1) {
				return false
			}
		}
		return true
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		atStart, atEnd = false, false
	}
	for _, sub := range re.Sub {
		if !dropAnchors(sub, atStart, atEnd) {
			return false
		}
	}
	return true
}

// calls are all gRPC paths.
func (s textSets) calls() *prove.Texts { return s.of(prove.Paths, grpcPath, false) }

// sameCalls reports whether two forms provably take the same gRPC paths.
func (s textSets) sameCalls(a, b profile.PathForm) bool {
	x, y, calls := s.paths(a), s.paths(b), s.calls()
	return x != nil && y != nil && nothing(x, []*prove.Texts{calls}, []*prove.Texts{y}) && nothing(y, []*prove.Texts{calls}, []*prove.Texts{x})
}

// nothing reports whether provably no text is in t and with and not in without.
func nothing(t *prove.Texts, with, without []*prove.Texts) bool {
	_, ok, err := t.Pick(with, without)
	return !ok && err == nil
}

// regexName is the pattern of a match's service or method.
type regexName struct {
	doc         *manifest.Document
	rule, match int
	key         string // "service" or "method"
	pattern     string
	of          *gatewayv1.GRPCRouteMatch
}

func (n *regexName) path() manifest.Path { return methodPath(n.rule, n.match, n.key) }

// protobuf is what a protobuf name of that kind looks like.
func (n *regexName) protobuf() string {
	if n.key == "service" {
		return protobufService
	}
	return protobufMethod
}

// regexNames calls f for each pattern of a service or method, empty ones aside.
func regexNames(p *lint.Pass, f func(*regexName)) {
	for _, route := range p.Set.GRPCRoutes.All {
		for i := range route.Value.Spec.Rules {
			for j := range route.Value.Spec.Rules[i].Matches {
				for _, n := range regexNamesOf(&route.Value.Spec.Rules[i].Matches[j]) {
					n.doc, n.rule, n.match = route.Doc, i, j
					f(n)
				}
			}
		}
	}
}

// regexNamesOf returns the patterns of one match, without their place.
func regexNamesOf(m *gatewayv1.GRPCRouteMatch) []*regexName {
	if m.Method == nil || !isRegex(m.Method) {
		return nil
	}
	var out []*regexName
	for _, n := range methodNames(m.Method) {
		if v := deref(n.value, ""); v != "" {
			out = append(out, &regexName{key: n.key, pattern: v, of: m})
		}
	}
	return out
}

// yamlText writes a value in single quotes, in which a backslash is a backslash.
func yamlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
