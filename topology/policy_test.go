package topology_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// policy writes a BackendTLSPolicy for Service s; age is a day, "" for none.
func tlsPolicy(name, age, section, validation string) string {
	created := ""
	if age != "" {
		created = "  creationTimestamp: '2026-01-0" + age + "T00:00:00Z'\n"
	}
	if section != "" {
		section = ", sectionName: '" + section + "'"
	}
	return object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "ns", name, created+
		"spec:\n  targetRefs: [{group: '', kind: Service, name: s"+section+"}]\n  validation: {hostname: s.example.com, "+validation+"}\n")
}

const systemCA = "wellKnownCACertificates: System"

func TestPolicyConflicts(t *testing.T) {
	const ports = "  - {name: grpc, port: 1}\n  - {name: other, port: 2}\n"
	for _, tt := range []struct {
		name     string
		policies []string
		targets  string // each policy's target
		ports    string // which policy covers port 1 and 2
	}{
		{"one", []string{tlsPolicy("a", "1", "", systemCA)}, "a:", "a a"},
		{"one port", []string{tlsPolicy("a", "1", "grpc", systemCA)}, "a:", "a -"},
		{"port before the whole Service", []string{tlsPolicy("a", "1", "", systemCA), tlsPolicy("b", "2", "grpc", systemCA)}, "a: b:", "b a"},
		{"older one", []string{tlsPolicy("a", "2", "", systemCA), tlsPolicy("b", "1", "", systemCA)}, "a:Conflicted b:", "b b"},
		{"smaller name", []string{tlsPolicy("b", "1", "", systemCA), tlsPolicy("a", "1", "", systemCA)}, "a: b:Conflicted", "a a"},
		{"age not known", []string{tlsPolicy("a", "", "", systemCA), tlsPolicy("b", "", "", systemCA)}, "a: b:Conflicted?", "a? a?"},
		{"conflict on one port only", []string{tlsPolicy("a", "2", "grpc", systemCA), tlsPolicy("b", "1", "grpc", systemCA), tlsPolicy("c", "1", "", systemCA)}, "a:Conflicted b: c:", "b c"},
		{"no such port", []string{tlsPolicy("a", "1", "1", systemCA)}, "a:TargetNotFound", "- -"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := resolve(t, nil, append(tt.policies, service("ns", "s", ports),
				grpcRoute("ns", "r", "  rules: [{backendRefs: [{name: s, port: 1}, {name: s, port: 2}]}]\n"))...)
			var targets, covered []string
			for _, p := range top.Policies {
				targets = append(targets, p.Object.Doc.Ref.Name+":"+word(p.Targets[0].Refusal))
			}
			for _, b := range route(t, top, "r").Rules[0].Backends {
				name := "-"
				if b.Policy != nil {
					name = b.Policy.Object.Doc.Ref.Name
				}
				if b.Certainty == diag.Unknown {
					name += "?"
				}
				covered = append(covered, name)
			}
			if got := strings.Join(targets, " "); got != tt.targets {
				t.Errorf("targets %s, want %s", got, tt.targets)
			}
			if got := strings.Join(covered, " "); got != tt.ports {
				t.Errorf("ports %s, want %s", got, tt.ports)
			}
		})
	}
}

func TestPolicyCA(t *testing.T) {
	refs := func(s string) string { return "caCertificateRefs: [" + s + "]" }
	const ok = "{group: '', kind: ConfigMap, name: good}"
	for _, tt := range []struct {
		name, validation string
		profile          *profile.Profile
		assume           topology.Assume
		ca               string
		policy           string
	}{
		{name: "good", validation: refs(ok)},
		{name: "missing", validation: refs("{group: '', kind: ConfigMap, name: nope}"), ca: "InvalidCACertificateRef?"},
		{name: "missing, complete", validation: refs("{group: '', kind: ConfigMap, name: nope}"), assume: topology.AssumeAbsent, ca: "InvalidCACertificateRef~", policy: "NoValidCACertificate~"},
		{name: "without the key", validation: refs("{group: '', kind: ConfigMap, name: empty}"), ca: "InvalidCACertificateRef", policy: "NoValidCACertificate"},
		{name: "no certificate", validation: refs("{group: '', kind: ConfigMap, name: text}"), ca: "InvalidCACertificateRef", policy: "NoValidCACertificate"},
		{name: "filled in later", validation: refs("{group: '', kind: ConfigMap, name: variable}"), assume: topology.AssumeAbsent, ca: "InvalidCACertificateRef?"},
		{name: "one of two", validation: refs(ok + ", {group: '', kind: ConfigMap, name: empty}"), ca: "InvalidCACertificateRef"},
		{name: "Secret", validation: refs("{group: '', kind: Secret, name: x}"), ca: "InvalidKind?"},
		{name: "Secret, cloudflare-tunnel", profile: profile.CloudflareTunnel, validation: refs("{group: '', kind: Secret, name: x}"), ca: "InvalidKind", policy: "NoValidCACertificate"},
		{name: "Secret, envoy-gateway", profile: profile.EnvoyGateway, validation: refs("{group: '', kind: Secret, name: x}")},
		{name: "system", validation: systemCA},
		{name: "system, cloudflare-tunnel", profile: profile.CloudflareTunnel, validation: systemCA, policy: "Invalid"},
		{name: "of an implementation", validation: "wellKnownCACertificates: example.com/all", policy: "Invalid?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := load(t, tlsPolicy("p", "", "", tt.validation), service("ns", "s", "  - {name: grpc, port: 1}\n"),
				object("v1", "ConfigMap", "ns", "good", "data:\n  ca.crt: |\n"+indent(certificatePEM)),
				object("v1", "ConfigMap", "ns", "empty", "data: {other: x}\n"),
				object("v1", "ConfigMap", "ns", "variable", "data: {ca.crt: '${CA}'}\n"),
				object("v1", "ConfigMap", "ns", "text", "data: {ca.crt: not a certificate}\n"))
			p := topology.Resolve(set, topology.Options{Profile: tt.profile, Assume: tt.assume}).Policies[0]
			var ca []string
			for _, r := range p.CA {
				ca = append(ca, word(r))
			}
			if diff := cmp.Diff(tt.ca, strings.Join(ca, " ")); diff != "" {
				t.Errorf("CA: -want +got\n%s", diff)
			}
			if got := word(p.Refusal); got != tt.policy {
				t.Errorf("refusal = %q (%+v), want %q", got, p.Refusal, tt.policy)
			}
		})
	}
}

func TestUnreadablePolicy(t *testing.T) {
	top := resolve(t, nil, service("ns", "s", "  - {name: grpc, port: 1}\n"),
		object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "ns", "p", "spec: 3\n"),
		grpcRoute("ns", "r", "  rules: [{backendRefs: [{name: s, port: 1}]}]\n"))
	if b := route(t, top, "r").Rules[0].Backends[0]; b.Certainty != diag.Unknown || b.Refusal != nil || b.Why == "" {
		t.Errorf("%+v", b)
	}
}

func TestPolicyOverridesProtocol(t *testing.T) {
	top := resolve(t, profile.CloudflareTunnel,
		service("ns", "s", "  - {name: grpc, port: 1, appProtocol: https}\n"),
		tlsPolicy("p", "", "", "caCertificateRefs: [{group: '', kind: ConfigMap, name: x}]"),
		grpcRoute("ns", "r", "  rules: [{backendRefs: [{name: s, port: 1}]}]\n"))
	if b := route(t, top, "r").Rules[0].Backends[0]; b.Refusal != nil || b.Policy == nil {
		t.Errorf("refusal %v, policy %v", b.Refusal, b.Policy)
	}
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ") + "\n"
}

// The Service is often in another repository than the policy that covers it.
func TestPolicyOfServiceNotInInput(t *testing.T) {
	top := topology.Resolve(load(t, tlsPolicy("p", "", "", systemCA), grpcRoute("ns", "r", "  rules: [{backendRefs: [{name: s, port: 443}]}]\n")), topology.Options{})
	b := route(t, top, "r").Rules[0].Backends[0]
	if b.Policy == nil || word(b.Refusal) != "BackendNotFound?" {
		t.Errorf("policy %v, refusal %q", b.Policy, word(b.Refusal))
	}
}
