//go:build unix

package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestShelfOfPipe: what can be read once only stays in memory.
func TestShelfOfPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.yaml")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(path, []byte(route(1)), 0o600) }() // Load says if nothing came
	var read []*manifest.Document
	set, err := manifest.Load([]string{path, "-"}, manifest.Options{
		ShelveFrom: 1, Stdin: strings.NewReader(route(2)), Shelve: func(*manifest.Document, metav1.Object) (int, bool) { return 0, true },
	})
	if err == nil {
		_, read, err = set.With(indexes(len(set.Shelf)))
	}
	if err != nil || len(read) != 2 {
		t.Errorf("%d of 2 routes, error %v", len(read), err)
	}
}
