package render_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/render"
)

func unified(t *testing.T, name, old, new string) string {
	t.Helper()
	return text(t, func(w io.Writer) error {
		var before []byte
		if old != "" {
			before = []byte(old)
		}
		return render.Unified(w, name, before, []byte(new), render.Options{})
	})
}

func TestUnified(t *testing.T) {
	lines := func(ns ...string) string { return strings.Join(ns, "\n") + "\n" }
	for _, tt := range []struct{ name, old, new, want string }{
		{"replaced", lines("1", "2", "3", "4", "5", "6", "7"), lines("1", "2", "3", "x", "5", "6", "7"),
			"--- a/f\n+++ b/f\n@@ -1,7 +1,7 @@\n 1\n 2\n 3\n-4\n+x\n 5\n 6\n 7\n"},
		{"added at the end", lines("1", "2"), lines("1", "2", "3"), "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n 1\n 2\n+3\n"},
		{"new file", "", lines("1"), "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+1\n"},
		{"far apart", lines("a", "1", "2", "3", "4", "5", "6", "7", "b"), lines("1", "2", "3", "4", "5", "6", "7", "c"),
			"--- a/f\n+++ b/f\n@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,4 @@\n 5\n 6\n 7\n-b\n+c\n"},
		{"no newline", "1\n2", "1\n2\n", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+2\n"},
		{"windows lines", "1\r\n2\r\n", "1\r\n3\r\n", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n 1\r\n-2\r\n+3\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := unified(t, "/f", tt.old, tt.new); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestUnifiedShowsNoSecret: context ends where a Secret begins.
func TestUnifiedShowsNoSecret(t *testing.T) {
	secret := "---\nkind: Secret\ndata:\n  key: aHVzaA==\n---\n"
	got := unified(t, "f", secret+"a: b\n", secret+"a: c\n")
	if want := "--- a/f\n+++ b/f\n@@ -5,2 +5,2 @@\n ---\n-a: b\n+a: c\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := unified(t, "f", secret, strings.Replace(secret, "key", "kay", 1)); strings.Contains(got, "aHVz") {
		t.Errorf("the data of a Secret is shown:\n%s", got)
	}
}

// TestUnifiedIsWhatChanged puts random differences together again.
func TestUnifiedIsWhatChanged(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() string {
		var b strings.Builder
		for range r.IntN(30) {
			fmt.Fprintf(&b, "%d\n", r.IntN(6))
		}
		return b.String()
	}
	for range 500 {
		old, new := random(), random()
		if old == "" {
			continue
		}
		diff := unified(t, "f", old, new)
		if got := patched(t, old, diff); got != new {
			t.Fatalf("%q patched with\n%s\nis %q, want %q", old, diff, got, new)
		}
	}
}

// patched applies a unified diff.
func patched(t *testing.T, old, diff string) string {
	t.Helper()
	lines, at := strings.SplitAfter(old, "\n"), 0
	var out strings.Builder
	for i, line := range strings.SplitAfter(diff, "\n") {
		switch {
		case i < 2 || line == "":
		case strings.HasPrefix(line, "@@"):
			var start, n int
			if _, err := fmt.Sscanf(line, "@@ -%d,%d", &start, &n); err != nil {
				if _, err := fmt.Sscanf(line, "@@ -%d", &start); err != nil {
					t.Fatal(err)
				}
				n = 1
			}
			if n > 0 {
				start--
			}
			for ; at < start; at++ {
				out.WriteString(lines[at])
			}
		case line[0] == '+':
			out.WriteString(line[1:])
		case lines[at] != line[1:]:
			t.Fatalf("line %d is %q, and the diff has %q", at+1, lines[at], line[1:])
		default:
			if line[0] == ' ' {
				out.WriteString(lines[at])
			}
			at++
		}
	}
	for ; at < len(lines); at++ {
		out.WriteString(lines[at])
	}
	return out.String()
}
