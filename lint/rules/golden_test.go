package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint/rules"
)

const cases = "../../testdata/lint"

// TestGolden runs testdata/lint/RULE/*.txtar: manifests and a want section with
// the findings of RULE. A comment line that begins with "lint -" holds options;
// --print=ID,ID prints the findings of other rules as well, to show that they have
// none. UPDATE_GOLDEN=1 rewrites the wanted parts.
func TestGolden(t *testing.T) {
	golden.Run(t, cases, func(t *testing.T, c *golden.Case) {
		rule, _, _ := strings.Cut(c.Name, "/")
		dir := c.Extract(t, func(name string) bool { return name != "want" })
		line := ""
		for l := range strings.Lines(c.Comment()) {
			if strings.HasPrefix(l, "lint -") {
				line = l
			}
		}
		o, also := options(t, line)
		readProtos(t, line, dir, &o)
		o.Advice = o.Advice || rules.Get(rule).OptIn
		c.Want(t, "want", listing(lintFolder(t, dir, o), dir, func(d diag.Diagnostic) bool { return d.Rule == rule || slices.Contains(also, d.Rule) }))
	})
}
