package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var referencePolicyRenamed = &lint.Rule{
	ID:       "reference-policy-renamed",
	Summary:  "ReferencePolicy is called ReferenceGrant now, and no server knows the old name",
	Section:  lint.MigrationSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkReferencePolicyRenamed,
	PerSet:   true,
}

func checkReferencePolicyRenamed(p *lint.Pass) {
	for _, doc := range p.Set.Others {
		if !ofKind(doc, gatewayGroup, "ReferencePolicy") {
			continue
		}
		p.Report(doc, at("kind"), diag.Diagnostic{
			Source:    diag.Strict,
			Message:   "kind ReferencePolicy is called ReferenceGrant since Gateway API 0.5: the object is refused, and what it permits is not permitted",
			Hint:      "apiVersion: " + gatewayGroup + "/v1, kind: ReferenceGrant; from and to stay as they are",
			Admission: fmt.Sprintf("no matches for kind %q in version %q", doc.Ref.Kind, doc.Ref.APIVersion),
		})
	}
}
