package rules

import (
	"fmt"
	"path/filepath"
	"reflect"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var duplicateObject = &lint.Rule{
	ID:       "duplicate-object",
	Summary:  "one object stands in the input twice, and the last one replaces the others",
	Section:  lint.HygieneSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkDuplicateObject,
	PerSet:   true,
}

// What is given twice alike does no harm: a Namespace in each of several files.
// Folders may be environments, of which each goes to a cluster of its own.
func checkDuplicateObject(p *lint.Pass) {
	if len(p.Set.Replaced) == 0 {
		return
	}
	last := map[diag.Ref]*manifest.Document{}
	for _, doc := range p.Set.Documents {
		last[identityOf(doc)] = doc
	}
	for _, doc := range p.Set.Replaced {
		kept := last[identityOf(doc)]
		if kept == nil || kept == doc {
			continue
		}
		name := doc.Ref.Name
		if doc.Ref.Namespace != "" {
			name = doc.Ref.Namespace + "/" + name
		}
		severity, message, hint := diag.Error, "%s %q is given again with other content: kubectl applies both, and the later one replaces all of this one",
			"give one of the two another name or namespace, or remove it"
		switch {
		case reflect.DeepEqual(doc.Object(), kept.Object()):
			severity, message, hint = diag.Info, "%s %q is given again with the same content", "keep one of the two"
		case folderOf(doc) != folderOf(kept):
			severity = diag.Warning
			message = "%s %q is given again in another folder: where both are applied to one cluster, the later one replaces all of this one"
			hint = "lint the folders of several environments one by one: only the later object was looked at"
		}
		p.ReportAs(severity, doc, at("metadata", "name"), diag.Diagnostic{
			Message: fmt.Sprintf(message, doc.Ref.Kind, name),
			Hint:    hint,
			Related: []diag.Related{{Message: "given again here", Range: kept.Range("metadata", "name")}},
		})
	}
}

// identityOf is what makes two documents one object. Versions of a kind are one.
func identityOf(doc *manifest.Document) diag.Ref {
	ref := doc.Ref
	ref.APIVersion = groupName(ref.APIVersion)
	return ref
}

func folderOf(doc *manifest.Document) string {
	if doc.File == nil {
		return ""
	}
	return filepath.Dir(doc.File.Name)
}
