package revision_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/internal/revision"
)

// repository makes a repository with two commits, the first tagged v1.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "init", "-q", "-b", "main")
	write("deploy/route.yaml", "kind: A\n")
	write("deploy/odd name\n.yml", "kind: B\n")
	write("deploy/.hidden/x.yaml", "kind: C\n")
	write("deploy/notes.txt", "no manifest\n")
	write("top.json", "")
	if err := os.Symlink("route.yaml", filepath.Join(dir, "deploy/link.yaml")); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "one")
	git(t, dir, "tag", "v1")
	write("deploy/route.yaml", "kind: A2\n")
	git(t, dir, "commit", "-q", "-a", "-m", "two")
	write("deploy/route.yaml", "kind: uncommitted\n")
	return dir
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	c := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func open(t *testing.T, dir string) *revision.Repository {
	t.Helper()
	r, err := revision.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFiles(t *testing.T) {
	ctx, dir := context.Background(), repository(t)
	for _, c := range []struct {
		name, from, revision string
		paths                []string
		flat                 bool
		want                 map[string]string
		absent               []string
	}{
		{name: "everything", revision: "v1", want: map[string]string{"v1:deploy/route.yaml": "kind: A\n", "v1:deploy/odd name\n.yml": "kind: B\n", "v1:top.json": ""}},
		{name: "not the work tree", revision: "HEAD", paths: []string{"deploy/route.yaml"}, want: map[string]string{"HEAD:deploy/route.yaml": "kind: A2\n"}},
		{name: "from a subfolder", from: "deploy", revision: "HEAD~1", paths: []string{"route.yaml"}, want: map[string]string{"HEAD~1:deploy/route.yaml": "kind: A\n"}},
		{name: "up from a subfolder", from: "deploy", revision: "main", paths: []string{"../top.json"}, want: map[string]string{"main:top.json": ""}},
		{name: "folder itself", revision: "main", paths: []string{"."}, flat: true, want: map[string]string{"main:top.json": ""}},
		{name: "named file of any name", revision: "main", paths: []string{"deploy/notes.txt"}, want: map[string]string{"main:deploy/notes.txt": "no manifest\n"}},
		{name: "absent", revision: "main", paths: []string{"dep", "top.json"}, want: map[string]string{"main:top.json": ""}, absent: []string{"dep"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := open(t, filepath.Join(dir, c.from))
			commit, err := r.Commit(ctx, c.revision)
			if err != nil {
				t.Fatal(err)
			}
			s := revision.Selection{NonRecursive: c.flat}
			for _, p := range c.paths {
				in, err := r.Inside(p)
				if err != nil {
					t.Fatal(err)
				}
				s.Paths = append(s.Paths, in)
			}
			files, absent, err := r.Files(ctx, commit, c.revision, s)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range files {
				got[f.Name] = string(f.Data)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.absent, absent); diff != "" {
				t.Errorf("absent (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownRevisionNamesTheNearest(t *testing.T) {
	r := open(t, repository(t))
	for name, near := range map[string]string{"mian": "main", "v2": "v1", "--all": "", "": ""} {
		_, err := r.Commit(context.Background(), name)
		var unknown *revision.UnknownError
		if !errors.As(err, &unknown) || unknown.Near != near {
			t.Errorf("%q: error %v, want one that names %q", name, err, near)
		}
	}
}

func TestShallowCloneIsNamed(t *testing.T) {
	dir, clone := repository(t), filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", "--depth", "1", "--no-tags", "file://"+dir, clone)
	_, err := open(t, clone).Commit(context.Background(), "HEAD~1")
	if err == nil || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("error %v does not say what a shallow clone needs", err)
	}
}

func TestMergeBase(t *testing.T) {
	ctx, r := context.Background(), open(t, repository(t))
	want, err := r.Commit(ctx, "v1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.MergeBase(ctx, "v1", "main"); err != nil || got != want {
		t.Errorf("merge base %q, %v; want %q", got, err, want)
	}
}

// TestDiffers knows what is changed, new, gone, ignored and elsewhere.
func TestDiffers(t *testing.T) {
	dir := repository(t)
	ctx, r := context.Background(), open(t, dir)
	for name, text := range map[string]string{"api/new.proto": "", ".gitignore": "*.binpb\n", "gen/api.binpb": "x"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		commit string
		paths  []string
		want   bool
	}{
		{"main", []string{"deploy/route.yaml"}, true}, {"main", []string{"deploy/notes.txt", "top.json"}, false}, {"main", []string{"top.json", "deploy"}, true},
		{"main", []string{"api"}, true}, {"main", []string{"gen"}, false}, {"main", []string{"../elsewhere"}, false}, {"main", nil, false},
		{"v1", []string{"deploy/notes.txt"}, false}, {"main", []string{"deploy/*"}, false},
	} {
		if got, err := r.Differs(ctx, tt.commit, tt.paths); err != nil || got != tt.want {
			t.Errorf("%s %v: %v, %v; want %v", tt.commit, tt.paths, got, err, tt.want)
		}
	}
	if _, err := r.Differs(ctx, "nowhere", []string{"deploy"}); err == nil {
		t.Error("no error for a commit that does not exist")
	}
}

func TestNoRepository(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	if _, err := revision.Open(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "not in a git repository") {
		t.Errorf("error %v", err)
	}
	t.Setenv("PATH", dir)
	if _, err := revision.Open(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "not installed") {
		t.Errorf("error %v", err)
	}
}

func TestPathsOutsideAreRefused(t *testing.T) {
	r := open(t, repository(t))
	for _, p := range []string{"..", "../x", "deploy/../../x", t.TempDir()} {
		if in, err := r.Inside(p); err == nil {
			t.Errorf("%s is %s", p, in)
		}
	}
}
