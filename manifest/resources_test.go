package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
)

func TestResourcesAndExcludes(t *testing.T) {
	top := t.TempDir()
	t.Chdir(top)
	service := func(port string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {ports: [{port: " + port + "}]}\n"
	}
	for name, text := range map[string]string{
		"deploy/a.yaml": service("1"), "deploy/out/b.yaml": service("2"), "deploy/out.yaml": service("3"),
		"platform/a.yaml": service("4"), "platform/deep/b.yaml": service("5"),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	exclude := func(path string) bool {
		return strings.HasPrefix(filepath.Base(path), "out") || strings.Contains(path, "out/")
	}
	for _, tt := range []struct {
		name             string
		paths, resources []string
		flat             bool
		want             string // resources in brackets
		port             int32  // of the object that counts
	}{
		{"excluded", []string{"deploy"}, nil, false, "deploy/a.yaml", 1},
		{"excluded and named", []string{"deploy/out.yaml"}, nil, false, "deploy/out.yaml", 3},
		{"excluded folder, named", []string{"deploy/out"}, nil, false, "deploy/out/b.yaml", 2},
		{"resources come first", []string{"deploy"}, []string{"platform"}, false, "(platform/a.yaml) (platform/deep/b.yaml) deploy/a.yaml", 1},
		{"both", []string{"deploy", "platform/a.yaml"}, []string{"platform"}, false, "(platform/deep/b.yaml) deploy/a.yaml platform/a.yaml", 4},
		{"flat", []string{"deploy"}, []string{"platform"}, true, "(platform/a.yaml) (platform/deep/b.yaml) deploy/a.yaml", 1},
		{"the same", []string{"."}, []string{"platform"}, false, "deploy/a.yaml platform/a.yaml platform/deep/b.yaml", 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := manifest.Load(tt.paths, manifest.Options{Resources: tt.resources, Exclude: exclude, NonRecursive: tt.flat})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range set.Files {
				name := filepath.ToSlash(f.Name)
				if f.Resource {
					name = "(" + name + ")"
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if port := set.Services.Get("shop", "a").Value.Spec.Ports[0].Port; port != tt.port {
				t.Errorf("the Service of port %d counts, want %d", port, tt.port)
			}
		})
	}
	if _, err := manifest.Load([]string{"deploy"}, manifest.Options{Resources: []string{"nowhere"}}); err == nil {
		t.Error("a resource that is not there is no error")
	}
}
