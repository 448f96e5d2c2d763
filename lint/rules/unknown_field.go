package rules

import (
	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var unknownField = &lint.Rule{
	ID:       "unknown-field",
	Summary:  "a field that the schema does not have: the API server drops it",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkUnknownField,
	PerSet:   true,
	General:  true,
}

func checkUnknownField(p *lint.Pass) {
	eachFailure(p, func(doc *manifest.Document, f *admission.Failure) {
		if f.Source == diag.UnknownField {
			p.ReportFailure(doc, f, nil, diag.Diagnostic{Message: f.Message, Hint: f.Expected})
			p.OnKey()
		}
	})
}
