package rules

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// eachBadPattern calls f for each pattern of a match that is not RE2, and where
// it stands.
func eachBadPattern(p *lint.Pass, f func(rule *topology.Rule, field []any, wrong *topology.PatternError)) {
	eachMatch(p.Topology, func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		eachPattern(m, func(pattern string, path ...any) {
			if wrong := topology.CheckPattern(pattern); wrong != nil {
				f(rule, append([]any{"matches", i}, path...), wrong)
			}
		})
	})
}

// brokenEffect is what a pattern that does not compile does to its rule, and to
// others.
func brokenEffect(p *lint.Pass) string {
	if p.Profile.Matching.InvalidRegexBlocksAll {
		return fmt.Sprintf("with %s no change to any route takes effect until it is mended", p.Profile.Title)
	}
	return "the rule cannot be served"
}

// eachPattern calls f for each regular expression of a match and where it stands
// in it.
func eachPattern(m *gatewayv1.GRPCRouteMatch, f func(pattern string, path ...any)) {
	if m.Method != nil && isRegex(m.Method) {
		for _, n := range methodNames(m.Method) {
			if n.value != nil {
				f(*n.value, "method", n.key)
			}
		}
	}
	for j := range m.Headers {
		if isRegexHeader(&m.Headers[j]) {
			f(m.Headers[j].Value, "headers", j, "value")
		}
	}
}

// readsWholeValue reports whether the implementation is known to match a header's
// pattern with the whole value. The specification does not say.
func readsWholeValue(p *lint.Pass) bool {
	k := &p.Profile.Matching
	return k.RE2 && !k.HeaderRegexPartial && !k.RegexUndefined
}

// anchors returns a pattern without the anchors at its ends, as text, and which
// of them were there. An anchor inside a group or a flag before one stays.
func anchors(pattern string) (bare string, start, end bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat {
		return pattern, false, false
	}
	bare = pattern
	cut := func(op, with syntax.Op, anchors []string, trim func(string, string) (string, bool)) (found bool) {
		for _, a := range anchors {
			if text, ok := trim(bare, a); ok && op == with && !found {
				bare, found = text, true
			}
		}
		return found
	}
	start = cut(tree.Sub[0].Op, syntax.OpBeginText, []string{"^", `\A`}, strings.CutPrefix)
	end = cut(tree.Sub[len(tree.Sub)-1].Op, syntax.OpEndText, []string{"$", `\z`}, strings.CutSuffix)
	if _, err := syntax.Parse(bare, syntax.Perl); err != nil {
		return pattern, false, false
	}
	return bare, start, end
}

// plain is a pattern without metacharacters: the only text that it takes, and
// the anchors around it.
type plain struct {
	text       string
	start, end bool
}

// plainText reads a pattern as plain text, and says whether it is that.
func plainText(pattern string) (plain, bool) {
	bare, start, end := anchors(pattern)
	tree, err := syntax.Parse(bare, syntax.Perl)
	if err != nil || tree.Op != syntax.OpLiteral || tree.Flags&syntax.FoldCase != 0 {
		return plain{}, false
	}
	return plain{string(tree.Rune), start, end}, true
}
