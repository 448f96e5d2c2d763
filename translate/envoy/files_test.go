package envoy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// writeFiles lays the files of a translation into a folder, and returns the
// bootstrap's path.
func writeFiles(t testing.TB, ts []*routing.Table, o envoy.Options, dir string) string {
	t.Helper()
	files, _, err := envoy.Files(ts, o, dir, ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Join(dir, f.Name+".yaml")
		text, err := render.Configuration(f.Text, "yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+".new", text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, envoy.BootstrapFile+".yaml")
}

func TestTmp(t *testing.T) {
	set, err := manifest.Load([]string{"../../examples/change/after.yaml"}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ts := tables(set)
	o := opened(t, ts)
	o.Admin = addresses(t, 1)[0]
	t.Log(o.Admin, o.Listen)
	o.Backends = map[string][]string{"shop/cart-v1:9000": {"127.0.0.1:9000"}}
	os.RemoveAll("/tmp/fsx")
	writeFiles(t, ts, o, "/tmp/fsx")
}
