package follow_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/follow"
)

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(time.Now().String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, recursive bool, paths ...string) *follow.Follower {
	t.Helper()
	f, err := follow.New(paths, recursive)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func told(t *testing.T, f *follow.Follower, what string) {
	t.Helper()
	select {
	case <-f.Changes:
	case <-time.After(5 * time.Second):
		t.Fatalf("nothing was told of %s", what)
	}
}

func silent(t *testing.T, f *follow.Follower, what string) {
	t.Helper()
	select {
	case <-f.Changes:
		t.Fatalf("a change was told of %s", what)
	case <-time.After(300 * time.Millisecond):
	}
}

func TestNamedFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "routes.yaml")
	write(t, file)
	f := start(t, true, file)
	silent(t, f, "nothing")
	for range 2 {
		write(t, file)
		told(t, f, "a file that is written in place")
		write(t, filepath.Join(dir, "routes.yaml.tmp"))
		rename(t, filepath.Join(dir, "routes.yaml.tmp"), file)
		told(t, f, "a file that is put in another's place")
	}
	write(t, filepath.Join(dir, "notes.txt"))
	silent(t, f, "a neighbour of a named file")
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "b", "routes.yaml"))
	f := start(t, true, dir)
	write(t, filepath.Join(dir, "a", "b", "more.yaml"))
	told(t, f, "a new file in a folder below")
	write(t, filepath.Join(dir, "c", "d", "new.yaml"))
	told(t, f, "new folders")
	write(t, filepath.Join(dir, "c", "d", "new.yaml"))
	told(t, f, "a file in a new folder")
	if err := os.RemoveAll(filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	told(t, f, "a folder that is removed")
	write(t, filepath.Join(dir, ".git", "index"))
	told(t, f, "a new hidden folder") // what is in it is not looked at, from now on
	write(t, filepath.Join(dir, ".git", "index"))
	silent(t, f, "a file in a hidden folder")
}

func TestNotRecursive(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "below", "routes.yaml"))
	f := start(t, false, dir)
	write(t, filepath.Join(dir, "below", "routes.yaml"))
	silent(t, f, "a folder below")
	write(t, filepath.Join(dir, "routes.yaml"))
	told(t, f, "a new file")
}

// TestMountedConfigMap swaps files as the kubelet does: each is a link through
// ..data, which is replaced.
func TestMountedConfigMap(t *testing.T) {
	for name, named := range map[string]string{"folder": "", "file": "routes.yaml"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "..1", "routes.yaml"))
			link(t, "..1", filepath.Join(dir, "..data"))
			link(t, filepath.Join("..data", "routes.yaml"), filepath.Join(dir, "routes.yaml"))
			f := start(t, true, filepath.Join(dir, named))
			for _, version := range []string{"..2", "..3"} {
				write(t, filepath.Join(dir, version, "routes.yaml"))
				link(t, version, filepath.Join(dir, "..tmp"))
				rename(t, filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data"))
				told(t, f, "a swap to "+version)
				time.Sleep(150 * time.Millisecond)
				select {
				case <-f.Changes: // the folder of a version counts as well
				default:
				}
			}
		})
	}
}

func TestFolderThatIsReplaced(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, "manifests")
	write(t, filepath.Join(at, "routes.yaml"))
	f := start(t, true, at)
	rename(t, at, filepath.Join(dir, "old"))
	told(t, f, "a folder that is moved away")
	write(t, filepath.Join(at, "routes.yaml"))
	told(t, f, "a folder that comes back")
	write(t, filepath.Join(at, "routes.yaml"))
	told(t, f, "a file in a folder that came back")
}
