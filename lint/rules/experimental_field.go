package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var experimentalField = &lint.Rule{
	ID:       "experimental-field",
	Summary:  "a field of the experimental channel, which the standard channel drops",
	Section:  lint.SchemaSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkExperimentalField,
	PerSet:   true,
}

// A field is experimental when the server of the other channel has it.
func checkExperimentalField(p *lint.Pass) {
	if p.Admission.Channel == "experimental" {
		return
	}
	var last *manifest.Document
	var pruned map[string]bool // by the experimental channel, in last
	eachFailure(p, func(doc *manifest.Document, f *admission.Failure) {
		if f.Source != diag.UnknownField {
			return
		}
		if doc != last {
			last, pruned = doc, prunedBy(p.Admission.Version, "experimental", doc)
		}
		if pruned == nil || pruned[f.Path.String()] {
			return
		}
		p.ReportFailure(doc, f, nil, diag.Diagnostic{
			Message: fmt.Sprintf("%s is a field of the experimental channel: an API server with the standard one drops it", f.Path),
			Hint:    "install the experimental channel and lint with --channel experimental, or remove the field",
		})
		p.OnKey()
	})
}
