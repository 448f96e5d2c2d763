package lint

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// origins says of findings in rendered manifests which template or file they come
// from: the last place they are related to.
func origins(set *manifest.Set, found []*diag.Diagnostic) {
	type object struct {
		file string
		ref  diag.Ref
	}
	rendered, built := map[string]*manifest.File{}, map[object][]*manifest.Document{}
	for _, d := range found {
		rendered[d.Range.File] = nil
	}
	for _, f := range set.Files {
		if _, asked := rendered[f.Name]; asked && f.Rendered() {
			rendered[f.Name] = f
		}
	}
	for _, doc := range set.Documents {
		if _, asked := rendered[doc.File.Name]; !asked {
			continue
		}
		if doc.KustomizeOrigin() != "" {
			key := object{doc.File.Name, doc.Ref}
			built[key] = append(built[key], doc)
		}
	}
	for _, d := range found {
		message, path := "where kustomize takes this from", ""
		for _, doc := range built[object{d.Range.File, d.Object}] { // an object may be given twice
			if _, at := doc.Order(); at <= d.Range.Start.Byte && d.Range.Start.Byte < at+len(doc.Source()) {
				path = doc.KustomizeOrigin()
			}
		}
		if f := rendered[d.Range.File]; f != nil && path == "" {
			message, path = "the Helm template of this", f.Template(d.Range.Start.Byte)
		}
		if path != "" {
			d.Related = append(d.Related[:len(d.Related):len(d.Related)], diag.Related{Message: message, Range: diag.Range{File: path}})
		}
	}
}

func pointers(found diag.List) []*diag.Diagnostic {
	out := make([]*diag.Diagnostic, len(found))
	for i := range found {
		out[i] = &found[i]
	}
	return out
}
