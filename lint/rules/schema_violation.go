package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var schemaViolation = &lint.Rule{
	ID:       "schema-violation",
	Summary:  "the API server refuses the object",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkSchemaViolation,
	PerSet:   true,
	General:  true,
}

func checkSchemaViolation(p *lint.Pass) {
	for _, doc := range p.Set.Documents {
		failures := p.Failures(doc)
		for i := range failures {
			f := &failures[i]
			if f.Source == diag.UnknownField {
				continue // unknown-field
			}
			path, d := wildcardName(doc, f)
			p.ReportFailure(doc, f, path, d)
		}
		if doc.DecodeError != nil && len(failures) == 0 {
			reportUndecoded(p, doc)
		}
	}
}

// wildcardName explains the name "*" of a method match, which reads as if it took
// everything; of every other failure it says what the server means.
func wildcardName(doc *manifest.Document, f *admission.Failure) (manifest.Path, diag.Diagnostic) {
	d := diag.Diagnostic{Message: f.Message, Hint: f.Expected}
	if len(f.Path) == 0 || f.Path[len(f.Path)-1] != "method" {
		return nil, d
	}
	for _, key := range []string{"service", "method"} {
		name := below(f.Path, key)
		if v, _ := valueAt(doc, name); v == "*" && ofName(f.Path, key)(f) {
			return name, diag.Diagnostic{
				Message: fmt.Sprintf("%s \"*\" is no name, and there are no wildcards", key),
				Hint:    fmt.Sprintf("leave %s out to take every one; a match without both takes every call", key),
			}
		}
	}
	return nil, d
}
