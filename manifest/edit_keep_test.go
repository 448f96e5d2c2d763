package manifest_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
)

// TestKeepComments removes fields and keeps what is said about them.
func TestKeepComments(t *testing.T) {
	for _, tt := range []struct{ name, text, path, want string }{
		{"behind a value", "spec:\n  a: 1 # one\n  b: 2\n", "spec.a", "spec:\n  # one\n  b: 2\n"},
		{"above and below", "spec:\n  z: 0\n  # before\n  a: # it\n    # in\n    c: 1 # one\n    # after\n  b: 2\n", "spec.a",
			"spec:\n  z: 0\n  # before\n  # it\n  # in\n  # one\n  # after\n  b: 2\n"},
		{"behind a dash", "spec:\n  l:\n  - a: 1 # one\n    # two\n    b: 2\n", "spec.l[0].a", "spec:\n  l:\n  - # one\n    # two\n    b: 2\n"},
		{"an item", "spec:\n  l:\n  - a\n  # bee\n  - b: '# no' # b\n  - c\n", "spec.l[1]", "spec:\n  l:\n  - a\n  # bee\n  # b\n  - c\n"},
		{"the only field", "spec:\n  l:\n  - a: # one\n      # two\n      x: 1 # three\n  - b\n", "spec.l[0].a", "spec:\n  l:\n  - # one\n    # two\n    {} # three\n  - b\n"},
		{"the only field of a key", "spec:\n  a:\n    # two\n    x: 1 # three\n", "spec.a.x", "spec:\n  a:\n    # two\n    {} # three\n"},
		{"without any", "spec:\n  a: 'x # y'\n  b: 2\n", "spec.a", "spec:\n  b: 2\n"},
		{"hash in a plain value", "spec:\n  a: x#y\n  b: 2\n", "spec.a", "spec:\n  b: 2\n"},
		{"block scalar", "spec:\n  a: |\n    # text\n    more\n  b: 2\n", "spec.a", "spec:\n  b: 2\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edited(t, "a.yaml", head+tt.text, 0, manifest.Remove(manifest.ParsePath(tt.path)).KeepComments())
			if err != nil {
				t.Fatal(err)
			}
			if got != head+tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, head+tt.want)
			}
		})
	}
}
