package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var backendTlsMultiTarget = &lint.Rule{
	ID:       "backend-tls-multi-target",
	Summary:  "implementations are asked not to support more than one target",
	Section:  lint.TLSSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkBackendTLSMultiTarget,
	PerSet:   true,
}

// GA apis/v1/backendtlspolicy_types.go, TargetRefs.
func checkBackendTLSMultiTarget(p *lint.Pass) {
	for _, policy := range p.Set.BackendTLSPolicies.All {
		if n := len(policy.Value.Spec.TargetRefs); n > 1 {
			p.Report(policy.Doc, manifest.Path{"spec", "targetRefs", 1}, diag.Diagnostic{
				Message: fmt.Sprintf("the policy has %d targets: the specification asks implementations to support one", n),
				Hint:    "write one BackendTLSPolicy per target",
			})
			suggestPolicies(p, policy.Doc, n)
		}
	}
}

// suggestPolicies suggests a policy for each target but the first.
func suggestPolicies(p *lint.Pass, doc *manifest.Document, n int) {
	var changes []manifest.Change
	for i := 1; i < n; i++ {
		value, err := doc.Changed(nil)
		if err != nil || commented(doc, at("spec", "targetRefs", i)) {
			p.Refuse("a comment would be lost that stands in a target")
			return
		}
		delete(value, "status")
		meta, _ := value["metadata"].(map[string]any)
		spec, _ := value["spec"].(map[string]any)
		list, ok := spec["targetRefs"].([]any)
		name := fmt.Sprintf("%s-%d", doc.Ref.Name, i+1)
		if !ok || meta == nil || p.Set.BackendTLSPolicies.Get(doc.Ref.Namespace, name) != nil {
			p.Refuse(fmt.Sprintf("a policy %q is there already", name))
			return
		}
		meta["name"], spec["targetRefs"] = name, list[i:i+1]
		changes = append(changes, manifest.Beside(value), manifest.Remove(at("spec", "targetRefs", i)))
	}
	suggest(p, lint.SameRouting, doc, "write a policy for each target", changes...)
}
