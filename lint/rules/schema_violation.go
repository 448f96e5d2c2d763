package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
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
			p.ReportFailure(doc, f, nil, diag.Diagnostic{Message: f.Message, Hint: f.Expected})
		}
		if doc.DecodeError != nil && len(failures) == 0 {
			reportUndecoded(p, doc)
		}
	}
}
