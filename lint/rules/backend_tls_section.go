package rules

import (
	"fmt"
	"strconv"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	corev1 "k8s.io/api/core/v1"
)

var backendTlsSection = &lint.Rule{
	ID:       "backend-tls-section",
	Summary:  "sectionName of a BackendTLSPolicy names no port of the Service",
	Section:  lint.TLSSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkBackendTLSSection,
	PerSet:   true,
}

// A sectionName is the name of a Service port, not its number (GA
// apis/v1/policy_types.go, LocalPolicyTargetReferenceWithSectionName).
func checkBackendTLSSection(p *lint.Pass) {
	for _, policy := range p.Set.BackendTLSPolicies.All {
		for i, t := range policy.Value.Spec.TargetRefs {
			if t.SectionName == nil || t.Group != "" || t.Kind != "Service" {
				continue
			}
			service := p.Set.Services.Get(policy.Doc.Ref.Namespace, string(t.Name))
			if service == nil {
				continue
			}
			d, ok := wrongSection(service.Value, string(*t.SectionName))
			if !ok {
				continue
			}
			d.Related = []diag.Related{{Message: "the Service", Range: service.Doc.Range("spec", "ports")}}
			path := manifest.Path{"spec", "targetRefs", i, "sectionName"}
			p.Report(policy.Doc, path, d)
			suggestSection(p, policy.Doc, path, service.Value)
		}
	}
}

// suggestSection suggests the name of the port whose number was written, or the
// nearest name. The policy then attaches, which is what it is for.
func suggestSection(p *lint.Pass, doc *manifest.Document, path manifest.Path, s *corev1.Service) {
	v, _ := valueAt(doc, path)
	section, _ := v.(string)
	var names []string
	for _, port := range s.Spec.Ports {
		if port.Name != "" && strconv.Itoa(int(port.Port)) == section {
			suggestValue(p, lint.AnyCalls, doc, path, port.Name)
			return
		}
		names = append(names, port.Name)
	}
	suggestNear(p, lint.AnyCalls, doc, path, section, names)
}

// wrongSection says what is wrong with a sectionName; false when nothing is.
func wrongSection(s *corev1.Service, section string) (diag.Diagnostic, bool) {
	var names []string
	byNumber := ""
	for _, port := range s.Spec.Ports {
		if port.Name == section {
			return diag.Diagnostic{}, false
		}
		if port.Name != "" {
			names = append(names, port.Name)
		}
		if strconv.Itoa(int(port.Port)) == section {
			byNumber = port.Name
		}
	}
	const effect = "the policy does not attach"
	if byNumber != "" {
		return diag.Diagnostic{
			Message: fmt.Sprintf("sectionName %q is a port number: expected the name of the port, %q; %s", section, byNumber, effect),
			Hint:    "write sectionName: " + byNumber,
		}, true
	}
	d := diag.Diagnostic{Message: fmt.Sprintf("Service %q has no port called %q, so that %s", s.Name, section, effect)}
	if len(names) == 0 {
		d.Hint = "its ports have no names: name them, or delete sectionName"
		return d, true
	}
	d.Message = also(d.Message, expected(section, names))
	return d, true
}
