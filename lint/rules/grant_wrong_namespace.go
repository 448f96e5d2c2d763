package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var grantWrongNamespace = &lint.Rule{
	ID:       "grant-wrong-namespace",
	Summary:  "a ReferenceGrant stands in the namespace of the route instead of that of the target",
	Section:  lint.GrantSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkGrantWrongNamespace,
}

func checkGrantWrongNamespace(p *lint.Pass) {
	reportNear(p, func(ref *topology.Backend, n near) (string, string) {
		return fmt.Sprintf("the grant stands in namespace %q of the route; to permit %s it has to be in %q", n.have, targetName(ref), n.want),
			"namespace: " + n.want
	})
}
