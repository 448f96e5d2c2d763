package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
)

// linted runs some rules over a text.
func linted(t *testing.T, text string, ids ...string) (*manifest.Set, *lint.Result) {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := lint.Run(set, rules.All, lint.Options{Rules: ids})
	if err != nil {
		t.Fatal(err)
	}
	return set, r
}

func baselineOf(t *testing.T, text string, ids ...string) *lint.Baseline {
	t.Helper()
	_, r := linted(t, text, ids...)
	encoded, err := lint.NewBaseline(r.Diagnostics).Encode()
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(r.Diagnostics)
	if again, _ := lint.NewBaseline(r.Diagnostics).Encode(); string(again) != string(encoded) {
		t.Errorf("the baseline depends on the order of findings:\n%s", cmp.Diff(string(encoded), string(again)))
	}
	b, err := lint.ParseBaseline("b.json", encoded)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBaseline(t *testing.T) {
	same := strings.Replace(printed, "  - matches:\n", "  - matches: [{heders: []}]\n  - matches:\n", 1)
	if same == printed {
		t.Fatal("the edit changes nothing")
	}
	for name, tt := range map[string]struct {
		text         string
		rules        []string
		shown, known int
		gone         lint.Gone
	}{
		"nothing new":    {printed, nil, 0, 2, lint.Gone{}},
		"lines moved":    {"# on top\n\n" + printed, nil, 0, 2, lint.Gone{}},
		"one fixed":      {strings.Replace(printed, "metod", "method", 1), nil, 0, 1, lint.Gone{Fixed: 1}},
		"one new":        {strings.Replace(printed, "  parentRefs", "  parntRefs: []\n  parentRefs", 1), nil, 1, 2, lint.Gone{}},
		"equal ones":     {same, nil, 1, 2, lint.Gone{}},
		"another object": {strings.Replace(printed, "name: users, names", "name: other, names", 1), nil, 2, 0, lint.Gone{Absent: 2}},
		"did not run":    {printed, []string{"no-backend"}, 0, 0, lint.Gone{}},
	} {
		t.Run(name, func(t *testing.T) {
			ids := []string{"unknown-field"}
			b := baselineOf(t, printed, ids...)
			if tt.rules != nil {
				ids = tt.rules
			}
			set, r := linted(t, tt.text, ids...)
			gone := b.Filter(r, set)
			if len(r.Diagnostics) != tt.shown || r.Known != tt.known || gone != tt.gone {
				t.Errorf("%d shown, %d known, %+v, want %d, %d, %+v: %v", len(r.Diagnostics), r.Known, gone, tt.shown, tt.known, tt.gone, r.Diagnostics)
			}
		})
	}
}

// TestBaselineCountsEqualFindings: of two equal findings one may not hide the
// other, and more than there were are all shown.
func TestBaselineCountsEqualFindings(t *testing.T) {
	rule := "  - matches:\n    - method: {service: shop.Same}\n      heders: []\n"
	two := printed + rule + rule
	b := baselineOf(t, two, "unknown-field")
	counts := map[int]int{}
	for _, f := range b.Findings {
		counts[f.Count]++
	}
	if diff := cmp.Diff(map[int]int{1: 2, 2: 1}, counts); diff != "" {
		t.Errorf("entries by count (-want +got):\n%s", diff)
	}
	set, r := linted(t, two+rule, "unknown-field")
	if b.Filter(r, set); len(r.Diagnostics) != 3 || r.Known != 2 {
		t.Errorf("%d shown and %d known, want all 3 of those that became more, and 2", len(r.Diagnostics), r.Known)
	}
	set, r = linted(t, printed+rule, "unknown-field")
	if gone := b.Filter(r, set); len(r.Diagnostics) != 0 || gone.Fixed != 1 {
		t.Errorf("%d shown, %+v, want none, and one that is fixed", len(r.Diagnostics), gone)
	}
}

func TestParseBaselineSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "b.json:1: not a baseline: the file is empty",
		"{\n  \"schema\": 1\n}":               "b.json:2: not a baseline: json: cannot unmarshal number into Go struct field Baseline.schema of type string",
		"{\n\n  x\n}":                         "b.json:3: not a baseline: invalid character 'x' looking for beginning of object key string",
		"{}":                                  `b.json: not a baseline: schema is "", expected "grpcroute.baseline/v1"`,
		"{\"schema\": \"grpcroute.lint/v1\"}": `b.json: not a baseline: schema is "grpcroute.lint/v1", expected "grpcroute.baseline/v1"`,
		"{\"schema\": \"grpcroute.baseline/v1\", \"findings\": [{}]}": `b.json: findings[0] has to have a fingerprint and a count of at least 1`,
	} {
		_, err := lint.ParseBaseline("b.json", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
