package rules_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
)

// TestClean runs testdata/clean: manifests as people write them, with nothing
// wrong. The findings of all rules are printed, none of them an error, so that a
// rule that starts to complain of common practice shows up here. A comment line
// that begins with "lint -" holds options.
func TestClean(t *testing.T) {
	golden.Run(t, "../../testdata/clean", func(t *testing.T, c *golden.Case) {
		dir := c.Extract(t, func(name string) bool { return name != "want" })
		line := ""
		for l := range strings.Lines(c.Comment()) {
			if strings.HasPrefix(l, "lint -") {
				line = l
			}
		}
		o, _ := options(t, line)
		found := lintFolder(t, dir, o)
		for _, d := range found {
			if d.Severity == diag.Error {
				t.Errorf("%s: %s: %s", d.Range, d.Rule, d.Message)
			}
		}
		c.Want(t, "want", listing(found, dir, func(diag.Diagnostic) bool { return true }))
	})
}
