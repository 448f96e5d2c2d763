package rules_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// corpusSize is the least number of GRPCRoutes and Gateways that the corpus holds.
const corpusSize = 150

// whyLine is a line of a case's why section: "rule-id: reason".
var whyLine = regexp.MustCompile(`(?m)^([a-z0-9-]+): (\S.*)$`)

// TestCorpus runs testdata/corpus: valid manifests for many implementations, as
// people write them. None is an error, whatever is assumed of what the input does
// not hold, and each rule that warns has a line in the why section that says what
// it is right about. With --advice nothing fails either.
func TestCorpus(t *testing.T) {
	objects := 0
	golden.Run(t, "../../testdata/corpus", func(t *testing.T, c *golden.Case) {
		dir := c.Extract(t, func(name string) bool { return name != "want" && name != "why" })
		set, err := manifest.Load([]string{dir}, manifest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		objects += len(set.GRPCRoutes.All) + len(set.Gateways.All)
		o, _ := options(t, optionLine(c.Comment()))
		check := func(o lint.Options) diag.List {
			result, err := lint.Run(set, rules.All, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range result.Diagnostics {
				if d.Severity == diag.Error {
					t.Errorf("%s: %s: %s", d.Range, d.Rule, d.Message)
				}
			}
			return result.Diagnostics
		}
		found := check(o)
		c.Want(t, "want", listing(found, dir, func(diag.Diagnostic) bool { return true }))
		why, _ := c.File("why")
		justify(t, found, why)
		o.Advice = true
		check(o)
		o.Assume = topology.AssumePresent
		check(o)
	})
	if objects < corpusSize {
		t.Errorf("the corpus holds %d GRPCRoutes and Gateways, want %d", objects, corpusSize)
	}
}

// justify compares the rules that warn with those that the why section speaks of.
func justify(t *testing.T, found diag.List, why string) {
	t.Helper()
	reasons := map[string]bool{}
	for _, m := range whyLine.FindAllStringSubmatch(why, -1) {
		reasons[m[1]] = false
	}
	if lines := strings.Count(why, "\n"); lines != len(reasons) {
		t.Errorf("why has %d lines and %d reasons: write rule-id: reason, once for each rule", lines, len(reasons))
	}
	for _, d := range found {
		_, justified := reasons[d.Rule]
		reasons[d.Rule] = true
		if d.Severity == diag.Warning && !justified {
			t.Errorf("%s: %s warns, and the why section has no line for it: %s", d.Range, d.Rule, d.Message)
		}
	}
	for id, used := range reasons {
		if !used {
			t.Errorf("the why section has a line for %s, which finds nothing", id)
		}
	}
}
