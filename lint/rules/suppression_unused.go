package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

// It is reported by [lint.Run], which knows what was suppressed.
var suppressionUnused = &lint.Rule{
	ID:       "suppression-unused",
	Summary:  "a suppression of a rule that finds nothing there",
	Section:  lint.SuppressionSection,
	Severity: diag.Warning,
	Since:    "0.2",
}
