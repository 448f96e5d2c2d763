package render

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
)

// suppressedFinding is a finding that a comment or an annotation says not to
// show. It is not among the diagnostics.
type suppressedFinding struct {
	finding
	Reason       string `json:"reason"`
	SuppressedBy span   `json:"suppressedBy"`
}

func suppressedOf(r *lint.Result) []suppressedFinding {
	var out []suppressedFinding
	for i := range r.Suppressed {
		s := &r.Suppressed[i]
		out = append(out, suppressedFinding{findingOf(&s.Diagnostic), validText(s.Reason), spanOf(s.By)})
	}
	return out
}

// aside says how many findings are not shown, and why: "; 2 suppressed, 5 in the
// baseline".
func aside(r *lint.Result) string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{len(r.Suppressed), "suppressed"}, {r.Known, "in the baseline"},
		{r.Unaffected, "not affected by the change"}, {r.Elsewhere, "in other resources"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if parts == nil {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}
