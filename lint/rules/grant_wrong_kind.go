package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var grantWrongKind = &lint.Rule{
	ID:       "grant-wrong-kind",
	Summary:  "a ReferenceGrant would permit a reference but names another kind",
	Section:  lint.GrantSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkGrantWrongKind,
}

func checkGrantWrongKind(p *lint.Pass) {
	reportNear(p, func(ref *topology.Backend, n near) (string, string) {
		return fmt.Sprintf("the grant is for kind %q and does not permit %s, which the %s %q refers to: that needs kind %q",
				n.have, targetName(ref), ref.Rule.Route.Kind, ref.Rule.Route.Key(), n.want),
			"kind: " + n.want + ", or a further entry when both are needed"
	})
}
