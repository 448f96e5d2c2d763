package rules

import (
	"fmt"
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
			"give one of the two another name or namespace, or remove it; lint the folders of several environments one by one"
		if reflect.DeepEqual(doc.Value, kept.Value) {
			severity, message, hint = diag.Info, "%s %q is given again with the same content", "keep one of the two"
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
