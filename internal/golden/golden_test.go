package golden_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/internal/golden"
)

const text = "what the case shows\n-- in.yaml --\na: 1\n-- want --\nold\n"

func write(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRunHandsOverEachCase(t *testing.T) {
	t.Setenv("UPDATE_GOLDEN", "")
	ran := 0
	golden.Run(t, write(t, "rule/case.txtar"), func(t *testing.T, c *golden.Case) {
		ran++
		in, ok := c.File("in.yaml")
		if c.Name != "rule/case" || c.Comment() != "what the case shows\n" || !ok || in != "a: 1\n" {
			t.Errorf("case %q, comment %q, in.yaml %q", c.Name, c.Comment(), in)
		}
		if diff := cmp.Diff([]string{"in.yaml", "want"}, c.Files()); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		dir := c.Extract(t, func(name string) bool { return name != "want" })
		if _, err := os.Stat(filepath.Join(dir, "want")); !os.IsNotExist(err) {
			t.Errorf("want was extracted: %v", err)
		}
		if data, err := os.ReadFile(filepath.Join(dir, "in.yaml")); err != nil || string(data) != "a: 1\n" {
			t.Errorf("in.yaml extracted as %q, %v", data, err)
		}
		c.Want(t, "want", "old")
		c.Want(t, "absent", "")
	})
	if ran != 1 {
		t.Errorf("ran %d cases, want 1", ran)
	}
}

func TestUpdatingRewritesWantedParts(t *testing.T) {
	t.Setenv("UPDATE_GOLDEN", "1")
	dir := write(t, "case.txtar")
	golden.Run(t, dir, func(t *testing.T, c *golden.Case) {
		c.Want(t, "want", "new\n")
		c.Want(t, "more", "added")
	})
	data, err := os.ReadFile(filepath.Join(dir, "case.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	want := "what the case shows\n-- in.yaml --\na: 1\n-- want --\nnew\n-- more --\nadded\n"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("rewritten case (-want +got):\n%s", diff)
	}
}
