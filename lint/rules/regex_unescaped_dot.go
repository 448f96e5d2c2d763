package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/prove"
)

var regexUnescapedDot = &lint.Rule{
	ID:       "regex-unescaped-dot",
	Summary:  "a dot of a service name is not escaped and stands for any character",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkRegexUnescapedDot,
	PerSet:   true,
}

// Methods have no dots, so that one in their pattern is meant as it is.
func checkRegexUnescapedDot(p *lint.Pass) {
	sets := textSets{}
	regexNames(p, func(n *regexName) {
		escaped := escapeDots(n.pattern)
		if n.key != "service" || escaped == n.pattern {
			return
		}
		written, meant := sets.of(prove.Segments, n.pattern, false), sets.of(prove.Segments, escaped, false)
		if written == nil || meant == nil {
			return
		}
		text, ok := written.Except(meant)
		if !ok {
			return
		}
		p.Report(n.doc, n.path(), diag.Diagnostic{
			Message: fmt.Sprintf("a dot of service pattern %q stands for any character, so that it takes %q as well", n.pattern, text),
			Hint:    "service: " + yamlText(escaped),
		})
		suggestValue(p, lint.OwnCalls, n.doc, n.path(), escaped)
	})
}

// escapeDots escapes the dots of a pattern that stand where a name has them:
// between two parts of a name, once.
func escapeDots(pattern string) string {
	all := tokens(pattern)
	var b strings.Builder
	for i, t := range all {
		if t.kind == dotToken && i > 0 && i+1 < len(all) && endsPart(&all[i-1]) && beginsPart(&all[i+1]) {
			b.WriteByte('\\')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// endsPart reports whether a token ends a part of a name.
func endsPart(t *token) bool {
	k := t.kind
	return k == wordToken || k == closeToken || k == quantityToken
}

func beginsPart(t *token) bool { return t.kind == wordToken || t.kind == openToken }
