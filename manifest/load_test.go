package manifest_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
)

// folder writes files below a new folder, enters it, and makes the links given
// as "name -> target".
func folder(t *testing.T, entries ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, e := range entries {
		name, target, link := strings.Cut(e, " -> ")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if link {
			err = os.Symlink(target, name)
		} else {
			object := fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n", strings.NewReplacer("/", ".", "_", "-").Replace(name))
			err = os.WriteFile(name, []byte(object), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadFindsFiles(t *testing.T) {
	tests := []struct {
		name    string
		entries []string
		paths   []string
		options manifest.Options
		want    []string
		wantErr string
	}{
		{name: "a folder, sorted", entries: []string{"b.yaml", "a.yml", "c/d.json", "bb.YAML", "x.txt", "y.yaml.bak"}, paths: []string{"."}, want: []string{"a.yml", "b.yaml", "bb.YAML", "c/d.json"}},
		{name: "not recursive", entries: []string{"a.yaml", "b/c.yaml"}, paths: []string{"."}, options: manifest.Options{NonRecursive: true}, want: []string{"a.yaml"}},
		{name: "hidden folders", entries: []string{".git/a.yaml", "b/.x/c.yaml", ".d.yaml"}, paths: []string{"."}, want: []string{".d.yaml"}},
		{name: "a hidden folder that is named", entries: []string{".x/a.yaml"}, paths: []string{".x"}, want: []string{".x/a.yaml"}},
		{name: "a named file of any name", entries: []string{"a.txt"}, paths: []string{"./a.txt"}, want: []string{"a.txt"}},
		{name: "order of the paths", entries: []string{"a.yaml", "b.yaml"}, paths: []string{"b.yaml", "a.yaml"}, want: []string{"b.yaml", "a.yaml"}},
		{name: "twice", entries: []string{"a/b.yaml"}, paths: []string{"a/b.yaml", "a", "./a/", "a/b.yaml"}, want: []string{"a/b.yaml"}},
		{name: "links to a file", entries: []string{"a.yaml", "b.yaml -> a.yaml", "c -> a.yaml"}, paths: []string{"."}, want: []string{"a.yaml"}},
		{name: "a link to a folder", entries: []string{"a/b.yaml", "c/d -> ../a"}, paths: []string{"c"}, want: []string{"c/d/b.yaml"}},
		{name: "a loop of folders", entries: []string{"a/b.yaml", "a/c -> ../a", "a/d -> .."}, paths: []string{"a"}, want: []string{"a/b.yaml"}},
		{name: "a loop of links", entries: []string{"a.yaml -> b.yaml", "b.yaml -> a.yaml", "c.yaml"}, paths: []string{"."}, want: []string{"c.yaml"}, wantErr: "read a.yaml: too many levels of symbolic links\nread b.yaml: too many levels of symbolic links"},
		{name: "a dangling link", entries: []string{"a.yaml -> x", "b -> x", "c.yaml"}, paths: []string{"."}, want: []string{"c.yaml"}, wantErr: "read a.yaml: no such file or directory"},
		{name: "a missing path", entries: []string{"a.yaml"}, paths: []string{"x", "a.yaml", "y/z.yaml"}, want: []string{"a.yaml"}, wantErr: "read x: no such file or directory\nread y/z.yaml: no such file or directory"},
		{name: "an empty path", entries: []string{"a.yaml"}, paths: []string{"", "a.yaml"}, want: []string{"a.yaml"}, wantErr: "read \"\": the path is empty"},
		{name: "no manifests", entries: []string{"README.md"}, paths: []string{"."}},
		{name: "a folder called like a manifest", entries: []string{"a.yaml/b.yaml"}, paths: []string{"."}, want: []string{"a.yaml/b.yaml"}},
		{name: "standard input missing", paths: []string{"-"}, wantErr: "read standard input: none is connected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder(t, tt.entries...)
			set, err := manifest.Load(tt.paths, tt.options)
			var got []string
			for _, f := range set.Files {
				got = append(got, filepath.ToSlash(f.Name))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if msg := fmt.Sprint(err); msg != tt.wantErr && (err != nil || tt.wantErr != "") {
				t.Errorf("error %q, want %q", msg, tt.wantErr)
			}
			if len(set.ConfigMaps.All) != len(tt.want) {
				t.Errorf("%d objects, want %d", len(set.ConfigMaps.All), len(tt.want))
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	folder(t, "a.yaml", "b.yaml", "c/d.yaml")
	for name, mode := range map[string]fs.FileMode{"a.yaml": 0, "c": 0} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(name, 0o755) })
	}
	if os.Geteuid() == 0 { // root reads files whatever their mode
		const nobody = 65534
		if err := syscall.Seteuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Seteuid(0) }()
	}
	set, err := manifest.Load([]string{"."}, manifest.Options{})
	want := "read c: permission denied\nread a.yaml: permission denied"
	if fmt.Sprint(err) != want || len(set.ConfigMaps.All) != 1 {
		t.Errorf("error %v and %d objects, want %s and 1", err, len(set.ConfigMaps.All), want)
	}
}

func TestLoadStdin(t *testing.T) {
	set, err := manifest.Load([]string{"-", "-"}, manifest.Options{Stdin: strings.NewReader(configMap)})
	if err != nil || len(set.Files) != 1 || len(set.ConfigMaps.All) != 1 {
		t.Fatalf("%d files, %d objects, error %v", len(set.Files), len(set.ConfigMaps.All), err)
	}
	if got := set.Documents[0].Range("metadata", "name").String(); got != "<stdin>:4:9" {
		t.Errorf("name at %s", got)
	}
}

func TestLoadProgress(t *testing.T) {
	folder(t, "a.yaml", "b.yaml", "c.yaml")
	var got []string
	_, err := manifest.Load([]string{"."}, manifest.Options{Progress: func(done, total int) {
		got = append(got, fmt.Sprintf("%d/%d", done, total))
	}})
	if want := []string{"1/3", "2/3", "3/3"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("progress %v, want %v; error %v", got, want, err)
	}
}

// TestLoadIsDeterministic reads files of very different size, which finish in
// any order.
func TestLoadIsDeterministic(t *testing.T) {
	var files []*manifest.File
	for i := range 40 {
		text := strings.Repeat("---\n"+route(i), 1+i%7*60) + "---\n\tbroken\n"
		files = append(files, &manifest.File{Name: fmt.Sprintf("%02d.yaml", i), Data: []byte(text)})
	}
	describe := func(s *manifest.Set) string {
		var b bytes.Buffer
		for _, d := range s.Documents {
			fmt.Fprintln(&b, d.Range(), d.Ref)
		}
		for _, d := range s.Replaced {
			fmt.Fprintln(&b, "replaced", d.Range())
		}
		for _, o := range s.GRPCRoutes.All {
			fmt.Fprintln(&b, o.Doc.Range())
		}
		for _, p := range s.Problems {
			fmt.Fprintln(&b, p.Range, p.Rule, p.Message)
		}
		return b.String()
	}
	want := describe(manifest.Read(files, manifest.Options{}))
	for range 3 {
		if diff := cmp.Diff(want, describe(manifest.Read(files, manifest.Options{}))); diff != "" {
			t.Fatal(diff)
		}
	}
}
