package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

// It is reported by [lint.Run], which knows what was suppressed.
var suppressionWithoutReason = &lint.Rule{
	ID:       "suppression-without-reason",
	Summary:  "a suppression without a reason, where the configuration asks for one",
	Section:  lint.SuppressionSection,
	Severity: diag.Warning,
	Since:    "0.2",
}
