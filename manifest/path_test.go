package manifest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
)

func TestPath(t *testing.T) {
	for want, path := range map[string]manifest.Path{
		"":                                     nil,
		"spec":                                 {"spec"},
		"spec.rules[0].matches[1].method":      {"spec", "rules", 0, "matches", 1, "method"},
		"metadata.annotations[example.com/a]":  {"metadata", "annotations", "example.com/a"},
		"metadata.labels[a.b].c":               {"metadata", "labels", "a.b", "c"},
		"[a.b][0]":                             {"a.b", 0},
		"data[\"0\"]":                          {"data", "0"},
		"data[\"-1\"]":                         {"data", "-1"},
		"data[-1]":                             {"data", -1},
		"data[\"a]b\"]":                        {"data", "a]b"},
		"data[\"a[b\"].c":                      {"data", "a[b", "c"},
		"data[\"\"]":                           {"data", ""},
		"data[\"\\\"\"]":                       {"data", "\""},
		"data[\"\\\\\"]":                       {"data", "\\"},
		"data[é]":                              {"data", "é"},
		"data[a b]":                            {"data", "a b"},
		"data[\"\\n\"]":                        {"data", "\n"},
		"data[\"\\xff\"]":                      {"data", "\xff"},
		"data.a-b_c$d1":                        {"data", "a-b_c$d1"},
		"data[-a]":                             {"data", "-a"},
		"data[1a]":                             {"data", "1a"},
		"data[\"99999999999999999999999999\"]": {"data", "99999999999999999999999999"},
	} {
		t.Run(want, func(t *testing.T) {
			if got := path.String(); got != want {
				t.Errorf("String() = %q, want %q", got, want)
			}
			if diff := cmp.Diff(path, manifest.ParsePath(want)); diff != "" {
				t.Errorf("ParsePath (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParsePathOfOthers: what Kubernetes and people write and Path does not.
func TestParsePathOfOthers(t *testing.T) {
	for text, want := range map[string]manifest.Path{
		".spec.rules":               {"spec", "rules"},
		"spec.rules[0":              {"spec", "rules", 0},
		"a..b":                      {"a", "", "b"},
		"spec.rules[*].x":           {"spec", "rules", "*", "x"},
		"a[\"b\"c]":                 {"a", "\"b\"c"},
		"a[b]c":                     {"a", "b", "c"},
		"]":                         {"]"},
		"a[9999999999999999999999]": {"a", "9999999999999999999999"},
	} {
		if diff := cmp.Diff(want, manifest.ParsePath(text)); diff != "" {
			t.Errorf("ParsePath(%q) (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add("spec.rules[0]", "a]b", 3)
	f.Fuzz(func(t *testing.T, text, key string, index int) {
		p := append(manifest.ParsePath(text), key, index, key)
		if diff := cmp.Diff(p, manifest.ParsePath(p.String())); diff != "" {
			t.Errorf("%q (-want +got):\n%s", p.String(), diff)
		}
	})
}
