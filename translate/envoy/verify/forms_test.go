package verify

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/rogpeppe/go-internal/txtar"
)

// reported writes a report in short.
func reported(r *Report) string {
	out, _ := summaries(r.Regions)
	if len(r.Regions)+len(r.Unknown) == 0 {
		out = append(out, "equal")
	}
	for _, list := range []struct {
		name  string
		texts []string
	}{{"unknown", r.Unknown}, {"setting", r.Settings}, {"note", r.Notes}} {
		for _, text := range list.texts {
			out = append(out, list.name+" "+text)
		}
	}
	return strings.Join(out, "\n")
}

// TestForms reads the forms in which configurations come, and the names that
// controllers give.
func TestForms(t *testing.T) {
	files, err := filepath.Glob("testdata/forms/*.txtar")
	if err != nil || len(files) < 6 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var table *routing.Table
			var in []*manifest.File
			want := ""
			for _, f := range archive.Files {
				switch f.Name {
				case "manifests.yaml":
					table = agreement.Compile(t, string(f.Data), profile.Spec)
				case "want":
					want = strings.TrimSpace(string(f.Data))
				default:
					in = append(in, &manifest.File{Name: f.Name, Data: f.Data})
				}
			}
			config, err := Read(in)
			if err != nil {
				t.Fatal(err)
			}
			got := reported(Compare(context.Background(), []*routing.Table{table}, config, Options{}))
			if os.Getenv("UPDATE_GOLDEN") != "" {
				at := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
				archive.Files[at].Data = []byte(got + "\n")
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-want +got\n%s\n%s", d, got)
			}
		})
	}
}
