package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var hostnamesUnsorted = &lint.Rule{
	ID:       "hostnames-unsorted",
	Summary:  "the hostnames of a route are in no order, in which a double is hard to see",
	Section:  lint.HygieneSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkHostnamesUnsorted,
	PerSet:   true,
	OptIn:    true,
}

func checkHostnamesUnsorted(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		names := route.Value.Spec.Hostnames
		for i := 1; i < len(names); i++ {
			if names[i] >= names[i-1] {
				continue
			}
			p.Report(route.Doc, at("spec", "hostnames", i), diag.Diagnostic{
				Message: fmt.Sprintf("%q stands after %q: the order means nothing, and sorted a double is seen", names[i], names[i-1]),
				Hint:    "sort the hostnames",
			})
			break
		}
	}
}
