package convert_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzConvert: whatever the manifests are, the result reads as as many objects, and
// what is a GRPCRoute then was an HTTPRoute; comments stay; nothing is left to
// convert.
func FuzzConvert(f *testing.F) {
	files, err := filepath.Glob("../testdata/convert/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no cases", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range txtar.Parse(text).Files {
			if filepath.Ext(part.Name) == ".yaml" || filepath.Ext(part.Name) == ".json" {
				f.Add(string(part.Data), len(text)%2 == 0)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string, lossy bool) {
		if len(text) > 8<<10 {
			return
		}
		set := read(text)
		o := options(t)
		o.Lossy, o.Budget = lossy, prove.Budget{PatternStates: 500, ProductStates: 2000, Cells: 20_000}
		for _, r := range set.HTTPRoutes.All {
			o.Only = append(o.Only, r.Doc.Ref.Namespace+"/"+r.Doc.Ref.Name)
		}
		out, err := convert.Run(context.Background(), set, o)
		if err != nil {
			t.Fatal(err)
		}
		after := set
		for _, file := range out.Files {
			after = read(string(file.New))
			if before, now := hashes(file.Old), hashes(file.New); now < before {
				t.Fatalf("%d comments before, %d after:\n%s\n---\n%s", before, now, file.Old, file.New)
			}
		}
		if len(after.Documents) != len(set.Documents) || len(after.Problems) > len(set.Problems) {
			t.Fatalf("%d objects before, %d after: %v\n%s", len(set.Documents), len(after.Documents), after.Problems, text)
		}
		for i, doc := range after.Documents {
			if old := set.Documents[i]; doc.Ref.Kind != old.Ref.Kind && (old.Ref.Kind != "HTTPRoute" || doc.Ref.Kind != "GRPCRoute" || doc.DecodeError != nil) {
				t.Fatalf("%s became %s: %v", old.Ref, doc.Ref, doc.DecodeError)
			}
		}
		documents := manifest.Read([]*manifest.File{{Name: "out.yaml", Data: convert.Documents(out)}}, manifest.Options{})
		for _, r := range out.Routes {
			if r.New != nil && r.New.Ref.Name != "" && documents.GRPCRoutes.Get(r.New.Ref.Namespace, r.New.Ref.Name) == nil && len(documents.Replaced) == 0 {
				t.Fatalf("%s is not among the documents:\n%s", r.New.Ref, convert.Documents(out))
			}
		}
	})
}

// hashes counts the marks of comments, and those in values that look so.
func hashes(text []byte) int {
	n := 0
	for i, c := range text {
		if c == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\n' || text[i-1] == '\t') {
			n++
		}
	}
	return n
}
