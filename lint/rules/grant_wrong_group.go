package rules

import (
	"fmt"
	"strconv"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var grantWrongGroup = &lint.Rule{
	ID:       "grant-wrong-group",
	Summary:  "a ReferenceGrant names a group in which its kind does not exist",
	Section:  lint.GrantSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkGrantWrongGroup,
	PerSet:   true,
}

// groupOf is the only group of these kinds in which a grant makes sense.
var groupOf = map[string]string{
	"GRPCRoute": gatewayGroup, "HTTPRoute": gatewayGroup, "TLSRoute": gatewayGroup, "TCPRoute": gatewayGroup,
	"UDPRoute": gatewayGroup, "Gateway": gatewayGroup, "ListenerSet": gatewayGroup,
	"Service": "", "Secret": "", "ConfigMap": "", "ServiceImport": "multicluster.x-k8s.io",
}

// mistaken are groups that people write for the core group, or for that of the
// Gateway API. Other groups may hold a kind of the same name.
var mistaken = map[string]bool{
	"": true, "core": true, "v1": true, "apps": true, "core/v1": true, "apps/v1": true, "k8s.io": true,
	"networking.k8s.io": true, "gateway.k8s.io": true, "gateway.networking.x-k8s.io": true,
	gatewayGroup: true, gatewayGroup + "/v1": true, gatewayGroup + "/v1beta1": true, "gateway.networking.k8s": true,
}

func checkGrantWrongGroup(p *lint.Pass) {
	for _, o := range p.Set.ReferenceGrants.All {
		check := func(list string, i int, group, kind string) {
			want, known := groupOf[kind]
			if !known || group == want || !mistaken[group] {
				return
			}
			path := at("spec", list, i, "group")
			reportExplaining(p, o.Doc, path, diag.Diagnostic{
				Message: fmt.Sprintf("group %q has no kind %s, so that the entry permits nothing: expected %q", group, kind, want),
				Hint:    "group: " + yamlWord(want),
			}, within(path))
			suggestValue(p, lint.RepairsCalls, o.Doc, path, want)
		}
		for i, f := range o.Value.Spec.From {
			check("from", i, string(f.Group), string(f.Kind))
		}
		for i, t := range o.Value.Spec.To {
			check("to", i, string(t.Group), string(t.Kind))
		}
	}
}

// yamlWord writes a plain word as YAML has it: the empty one needs quotes.
func yamlWord(s string) string {
	if s == "" {
		return strconv.Quote(s)
	}
	return s
}
