package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
)

func TestSeveritiesByPath(t *testing.T) {
	in := func(names ...string) func(string) bool {
		return func(file string) bool { return slices.Contains(names, file) }
	}
	everywhere := func(string) bool { return true }
	warning := map[string]diag.Severity{"unknown-field": diag.Warning}
	info := map[string]diag.Severity{"unknown-field": diag.Info}
	off := []string{"unknown-field"}
	for name, tt := range map[string]struct {
		o    lint.Options
		want string
	}{
		"nothing":             {lint.Options{}, "a error, b error"},
		"everywhere":          {lint.Options{Severities: warning}, "a warning, b warning"},
		"one file":            {lint.Options{Paths: []lint.PathRules{{Match: in("b"), Severities: info}}}, "a error, b info"},
		"one file, another":   {lint.Options{Severities: warning, Paths: []lint.PathRules{{Match: in("b"), Severities: info}}}, "a warning, b info"},
		"off in one":          {lint.Options{Paths: []lint.PathRules{{Match: in("a"), Off: off}}}, "b error"},
		"off but in one":      {lint.Options{Severities: warning, Paths: []lint.PathRules{{Match: everywhere, Off: off}, {Match: in("a"), On: off}}}, "a warning"},
		"a severity is on":    {lint.Options{Paths: []lint.PathRules{{Match: everywhere, Off: off}, {Match: in("b"), Severities: info}}}, "b info"},
		"the last one counts": {lint.Options{Paths: []lint.PathRules{{Match: in("a", "b"), Severities: info}, {Match: in("b"), Off: off}}}, "a info"},
	} {
		t.Run(name, func(t *testing.T) {
			set := manifest.Read([]*manifest.File{
				{Name: "a", Data: []byte(strings.Replace(printed, "heders", "headers", 1))},
				{Name: "b", Data: []byte(strings.NewReplacer("heders", "headers", "name: users, names", "name: b, names").Replace(printed))},
			}, manifest.Options{})
			tt.o.Rules = off
			r, err := lint.Run(set, rules.All, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range r.Diagnostics {
				got = append(got, d.Range.File+" "+d.Severity.String())
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestResourcesHaveNoFindingsOfTheirOwn: they are read for what others refer to.
func TestResourcesHaveNoFindingsOfTheirOwn(t *testing.T) {
	other := strings.Replace(printed, "name: users, names", "name: other, names", 1)
	set := manifest.Read([]*manifest.File{{Name: "r", Data: []byte(other), Resource: true}, {Name: "a", Data: []byte(printed)}}, manifest.Options{})
	r, err := lint.Run(set, rules.All, lint.Options{Rules: []string{"unknown-field"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		if d.Range.File != "a" {
			t.Errorf("a finding in a resource is shown: %s", d.Range)
		}
	}
	if len(r.Diagnostics) != 2 || r.Elsewhere != 2 || r.Objects != 2 {
		t.Errorf("%d findings, %d elsewhere, %d objects, want 2 of each", len(r.Diagnostics), r.Elsewhere, r.Objects)
	}
}
