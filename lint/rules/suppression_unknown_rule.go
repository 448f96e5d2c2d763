package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

// It is reported by [lint.Run], which knows what was suppressed.
var suppressionUnknownRule = &lint.Rule{
	ID:       "suppression-unknown-rule",
	Summary:  "a suppression that names no rule, or one that does not exist",
	Section:  lint.SuppressionSection,
	Severity: diag.Warning,
	Since:    "0.2",
}
