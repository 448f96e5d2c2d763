package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint"
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
		o, also := caseOptions(t, c, dir)
		o.Advice = o.Advice || rules.Get(rule).OptIn
		c.Want(t, "want", listing(lintFolder(t, dir, o), dir, func(d diag.Diagnostic) bool { return d.Rule == rule || slices.Contains(also, d.Rule) }))
	})
}

// caseOptions reads the options of a golden case from its comment. Its files are in
// a folder.
func caseOptions(t *testing.T, c *golden.Case, dir string) (o lint.Options, also []string) {
	t.Helper()
	line := ""
	for l := range strings.Lines(c.Comment()) {
		if strings.HasPrefix(l, "lint -") {
			line = l
		}
	}
	o, also = options(t, line)
	readProtos(t, line, dir, &o)
	return o, also
}
