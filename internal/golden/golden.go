// Package golden is for tests only: it walks a folder of txtar cases, hands each
// to a test, compares what the test made with what the case wants, and rewrites
// the wanted parts when UPDATE_GOLDEN is set. Adding a case is adding a file.
package golden

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// Case is one txtar file: input and wanted output in one place.
type Case struct {
	// Name is the path below the folder that was walked, without extension and
	// with slashes: "backend-not-found/typo".
	Name    string
	file    string
	archive *txtar.Archive
	changed bool
}

// Updating reports whether wanted parts are rewritten instead of compared:
// UPDATE_GOLDEN is set, as `make golden` does.
func Updating() bool { return os.Getenv("UPDATE_GOLDEN") != "" }

// Run walks dir and calls test for each *.txtar file below it, each as a subtest
// of its name. A folder without cases fails: a test that finds nothing would
// otherwise pass for ever.
func Run(t *testing.T, dir string, test func(t *testing.T, c *Case)) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".txtar" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no *.txtar case in %s", dir)
	}
	for _, file := range files {
		c, err := read(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			test(t, c)
			c.save(t)
		})
	}
}

func read(dir, file string) (*Case, error) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(dir, file)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(file) // the test may change the working directory
	if err != nil {
		return nil, err
	}
	return &Case{Name: strings.TrimSuffix(filepath.ToSlash(rel), ".txtar"), file: abs, archive: archive}, nil
}

// Comment returns what stands before the first file of the case: by custom, what
// the case shows and where the rule is written.
func (c *Case) Comment() string { return string(c.archive.Comment) }

// Files returns the names of the case's files in order.
func (c *Case) Files() []string {
	names := make([]string, len(c.archive.Files))
	for i, f := range c.archive.Files {
		names[i] = f.Name
	}
	return names
}

// File returns the content of a file of the case and whether it has one.
func (c *Case) File(name string) (string, bool) {
	if i := c.index(name); i >= 0 {
		return string(c.archive.Files[i].Data), true
	}
	return "", false
}

// Extract writes the case's files whose names keep reports true for into a fresh
// folder and returns it.
func (c *Case) Extract(t *testing.T, keep func(name string) bool) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range c.archive.Files {
		if !keep(f.Name) {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Want compares got with the file of that name, or makes it the file's content
// when [Updating]. A missing file wants nothing to be printed.
func (c *Case) Want(t *testing.T, name, got string) {
	t.Helper()
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n" // txtar ends every file with a newline
	}
	want, _ := c.File(name)
	if want == got {
		return
	}
	if !Updating() {
		t.Errorf("%s of case %s differs (-want +got):\n%s", name, c.Name, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
		return
	}
	c.changed = true
	if i := c.index(name); i >= 0 {
		c.archive.Files[i].Data = []byte(got)
		return
	}
	c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(got)})
}

func (c *Case) index(name string) int {
	return slices.IndexFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
}

func (c *Case) save(t *testing.T) {
	t.Helper()
	if !c.changed {
		return
	}
	data := txtar.Format(c.archive)
	if back := txtar.Parse(data); !bytes.Equal(txtar.Format(back), data) || len(back.Files) != len(c.archive.Files) {
		t.Fatalf("write %s: a wanted part holds a txtar file marker", c.file)
	}
	if err := os.WriteFile(c.file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Compare compares got with the content of a file, or writes the file when
// [Updating].
func Compare(t *testing.T, file, got string) {
	t.Helper()
	if Updating() {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}
