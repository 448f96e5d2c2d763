package rules_test

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
)

// TestInputRulesAreThoseOfManifest: whatever can be found while reading has a
// rule and a page, with the severity and summary that the reader gives.
func TestInputRulesAreThoseOfManifest(t *testing.T) {
	var got []manifest.ProblemRule
	for _, r := range rules.All {
		if r.Section == lint.InputSection && r.Check == nil {
			got = append(got, manifest.ProblemRule{ID: r.ID, Severity: r.Severity, Summary: r.Summary})
		}
	}
	want := slices.Clone(manifest.ProblemRules)
	slices.SortFunc(want, func(a, b manifest.ProblemRule) int { return cmp.Compare(a.ID, b.ID) })
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("input rules (-manifest +rules):\n%s", diff)
	}
}
