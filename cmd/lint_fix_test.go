package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/lint/fix"
)

// TestFilesThatChangedAreLeftAlone: when one of the files is not what was read,
// none is written, and nothing else is left in the folder.
func TestFilesThatChangedAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := write("a.yaml", "a: 1\n"), write("b.yaml", "b: 1\n")
	c := filepath.Join(dir, "c.yaml")
	changes := []fix.Changed{
		{Name: stdinName, New: []byte("x")},
		{Name: a, Old: []byte("a: 1\n"), New: []byte("a: 2\n")},
		{Name: b, Old: []byte("b: 0\n"), New: []byte("b: 2\n")},
		{Name: c, New: []byte("c: 2\n")},
	}
	err := replaceFiles(changes)
	if err == nil || !strings.Contains(err.Error(), "b.yaml: the file has changed since it was read") {
		t.Fatalf("got error %v", err)
	}
	if text, _ := os.ReadFile(a); string(text) != "a: 1\n" {
		t.Errorf("a.yaml was written: %q", text)
	}
	write("b.yaml", "b: 0\n")
	if err := replaceFiles(changes); err != nil {
		t.Fatal(err)
	}
	for _, want := range changes[1:] {
		if text, _ := os.ReadFile(want.Name); string(text) != string(want.New) {
			t.Errorf("%s is %q", want.Name, text)
		}
	}
	if info, _ := os.Stat(a); info.Mode().Perm() != 0o640 {
		t.Errorf("a.yaml has mode %v", info.Mode())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("the folder holds %v", entries)
	}
	write("c.yaml", "mine\n")
	if err := replaceFiles(changes[3:]); err == nil {
		t.Error("a new file has taken the place of another one")
	}
}
