package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/prove"
)

var matchNotAProtobufName = &lint.Rule{
	ID:       "match-not-a-protobuf-name",
	Summary:  "only names that no protobuf file can declare match a regular expression",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkMatchNotAProtobufName,
	PerSet:   true,
}

// A pattern that takes nothing at all is another mistake, and no text shows it.
func checkMatchNotAProtobufName(p *lint.Pass) {
	sets := textSets{}
	regexNames(p, func(n *regexName) {
		texts, names := sets.of(prove.Segments, n.pattern, false), sets.of(prove.Segments, n.protobuf(), false)
		if texts == nil || names == nil || !nothing(texts, []*prove.Texts{names}, nil) {
			return
		}
		text, ok := texts.Word()
		if !ok {
			return
		}
		p.Report(n.doc, n.path(), diag.Diagnostic{
			Message: fmt.Sprintf("%s pattern %q takes only texts such as %q, which no protobuf file can declare as a %s", n.key, n.pattern, text, n.key),
			Hint:    "write a pattern for names of letters, digits and underscores, in a service with dots between them",
		})
	})
}
