package topology

import (
	"cmp"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Policy is a BackendTLSPolicy and what it covers.
type Policy struct {
	Object  *manifest.Object[gatewayv1.BackendTLSPolicy]
	Targets []*PolicyTarget
	CA      []*Refusal // one per CA reference that does not resolve
	Refusal *Refusal   // why the policy as a whole is not Accepted
}

// PolicyTarget is one targetRef of a policy.
type PolicyTarget struct {
	Policy  *Policy
	Index   int
	Service *manifest.Object[corev1.Service]
	Port    string   // sectionName, "" for the whole Service
	Refusal *Refusal // Conflicted (loses to an older policy), TargetNotFound
}

// portKey names a Service, or a port of it.
type portKey struct{ group, kind, namespace, name, port string }

// coverage is the policy that covers a Service or port, and whether the input
// shows that it is that one.
type coverage struct {
	winner *PolicyTarget
	doubt  string
}

// resolvePolicies reads the BackendTLSPolicies, oldest first so that the first to
// cover a target wins (GA apis/v1/backendtlspolicy_types.go).
func (x *resolver) resolvePolicies() {
	for _, o := range x.Set.BackendTLSPolicies.All {
		p := &Policy{Object: o}
		x.Policies = append(x.Policies, p)
		x.authorities(p)
	}
	byAge := slices.Clone(x.Policies)
	slices.SortStableFunc(byAge, func(a, b *Policy) int {
		return older(&a.Object.Value.ObjectMeta, &b.Object.Value.ObjectMeta, a.Object.Doc.Ref, b.Object.Doc.Ref)
	})
	for _, p := range byAge {
		for i := range p.Object.Value.Spec.TargetRefs {
			t := &PolicyTarget{Policy: p, Index: i}
			p.Targets = append(p.Targets, t)
			x.policyTarget(t, &p.Object.Value.Spec.TargetRefs[i])
		}
	}
	slices.SortStableFunc(x.Policies, func(a, b *Policy) int {
		return cmp.Or(strings.Compare(a.Object.Doc.Ref.Namespace, b.Object.Doc.Ref.Namespace), strings.Compare(a.Object.Doc.Ref.Name, b.Object.Doc.Ref.Name))
	})
}

// policyTarget finds a target in the policy's own namespace and claims it.
func (x *resolver) policyTarget(t *PolicyTarget, ref *gatewayv1.LocalPolicyTargetReferenceWithSectionName) {
	doc := t.Policy.Object.Doc
	t.Port = string(value(ref.SectionName, ""))
	refuse := func(reason, message string, certainty diag.Certainty, field ...any) {
		t.Refusal = &Refusal{Reason: reason, Message: message, Doc: doc, Certainty: certainty,
			Path: join(manifest.Path{"spec", "targetRefs", t.Index}, field...)}
	}
	kind := profile.GroupKind{Group: string(ref.Group), Kind: string(ref.Kind)}
	if kind == serviceKind {
		t.Service = x.Set.Services.Get(doc.Ref.Namespace, string(ref.Name))
	}
	switch {
	case t.Service == nil:
		if gone := x.missing(string(ref.Group), string(ref.Kind), doc.Ref.Namespace, string(ref.Name)); gone.certainty == diag.Unknown || !gone.exists {
			refuse(policyTargetNotFound, gone.why, gone.certainty, "name")
		}
	case t.Port != "" && !hasPort(t.Service.Value, t.Port):
		refuse(policyTargetNotFound, fmt.Sprintf("%s has no port called %q: sectionName is the name of a port", t.Service.Doc.Ref, t.Port), diag.Certain, "sectionName")
	}
	if refused(t.Refusal) {
		return
	}
	key := portKey{kind.Group, kind.Kind, doc.Ref.Namespace, string(ref.Name), t.Port}
	held := x.policies[key]
	if held == nil {
		x.policies[key] = &coverage{winner: t}
		return
	}
	first := held.winner.Policy.Object
	certainty := byAge(&first.Value.ObjectMeta, &t.Policy.Object.Value.ObjectMeta, first.Doc.Ref, doc.Ref)
	message := fmt.Sprintf("%s covers the target already and is older", first.Doc.Ref)
	if certainty == diag.Unknown {
		message = fmt.Sprintf("%s covers the target as well; the older of the two keeps it, and the input does not show which one that is", first.Doc.Ref)
		held.doubt = fmt.Sprintf("%s and %s cover the target, and the older one counts", first.Doc.Ref, doc.Ref)
	}
	refuse(policyConflicted, message, certainty)
	t.Refusal.see(first.Doc, manifest.Path{"spec", "targetRefs", held.winner.Index}, "the other policy")
}

func hasPort(s *corev1.Service, name string) bool {
	return slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == name })
}

// policyFor returns the policy that covers a backend: one for the port's name
// before one for the whole Service.
func (x *resolver) policyFor(b *Backend, port string) *Policy {
	if x.Profile.Backends.TLS == profile.Ignored {
		return nil
	}
	if x.brokenPolicies[b.Namespace] {
		b.doubt(diag.Unknown, fmt.Sprintf("a BackendTLSPolicy in namespace %q cannot be read", b.Namespace))
	}
	key := portKey{b.Group, b.Kind, b.Namespace, b.Name, port}
	c := x.policies[key]
	if c == nil {
		key.port = ""
		c = x.policies[key]
	}
	if c == nil {
		return nil
	}
	if c.doubt != "" {
		b.doubt(diag.Unknown, c.doubt)
	}
	return c.winner.Policy
}

// authorities resolves what a policy trusts. When every reference is bad the
// policy is not accepted (GA apis/v1/backendtlspolicy_types.go,
// CACertificateRefs).
func (x *resolver) authorities(p *Policy) {
	doc, v := p.Object.Doc, &p.Object.Value.Spec.Validation
	path := manifest.Path{"spec", "validation"}
	for i, ref := range v.CACertificateRefs {
		if r := x.authority(doc.Ref.Namespace, &ref); r != nil {
			r.Doc, r.Path = doc, join(path, "caCertificateRefs", i)
			p.CA = append(p.CA, r)
		}
	}
	bad := 0
	for _, r := range p.CA {
		if refused(r) {
			bad++
		}
	}
	if bad > 0 && bad == len(v.CACertificateRefs) {
		p.Refusal = &Refusal{Reason: string(gatewayv1.BackendTLSPolicyReasonNoValidCACertificate), Certainty: p.CA[0].Certainty,
			Message: "no CA certificate can be used: " + p.CA[0].Message, Doc: doc, Path: join(path, "caCertificateRefs")}
		return
	}
	wellKnown := value(v.WellKnownCACertificates, "")
	if wellKnown == "" {
		return
	}
	r := &Refusal{Reason: policyInvalid, Doc: doc, Path: join(path, "wellKnownCACertificates")}
	switch {
	case wellKnown == gatewayv1.WellKnownCACertificatesSystem && x.Profile.Backends.SystemCA == profile.Rejected:
		r.Message = fmt.Sprintf("wellKnownCACertificates %q is not supported by %s", wellKnown, x.Profile.Title)
	case wellKnown == gatewayv1.WellKnownCACertificatesSystem:
		return
	default:
		r.Message = fmt.Sprintf("wellKnownCACertificates %q is implementation-specific", wellKnown)
		r.Certainty = diag.Unknown
	}
	p.Refusal = r
}

// authority resolves one CA reference: a ConfigMap of the policy's namespace with
// the key ca.crt.
func (x *resolver) authority(namespace string, ref *gatewayv1.LocalObjectReference) *Refusal {
	const key, bad = "ca.crt", string(gatewayv1.BackendTLSPolicyReasonInvalidCACertificateRef)
	if ref.Group != "" || ref.Kind != "ConfigMap" {
		r := &Refusal{Reason: string(gatewayv1.BackendTLSPolicyReasonInvalidKind), Certainty: diag.Unknown,
			Message: fmt.Sprintf("CA certificates in a %s are implementation-specific: a ConfigMap always works", ref.Kind)}
		switch kinds := x.Profile.Backends.CAKinds; {
		case kinds == nil:
		case slices.Contains(kinds, profile.GroupKind{Group: string(ref.Group), Kind: string(ref.Kind)}):
			return nil
		default:
			r.Certainty = diag.Certain
			r.Message = fmt.Sprintf("CA certificates in a %s are not supported by %s: expected a ConfigMap", ref.Kind, x.Profile.Title)
		}
		return r
	}
	o := x.Set.ConfigMaps.Get(namespace, string(ref.Name))
	if o == nil {
		if gone := x.missing("", "ConfigMap", namespace, string(ref.Name)); gone.certainty == diag.Unknown || !gone.exists {
			return &Refusal{Reason: bad, Message: gone.why, Certainty: gone.certainty}
		}
		return nil
	}
	text := []byte(o.Value.Data[key])
	if len(text) == 0 {
		text = o.Value.BinaryData[key]
	}
	if len(text) == 0 {
		return (&Refusal{Reason: bad, Message: fmt.Sprintf("%s has no key %q", o.Doc.Ref, key)}).
			see(o.Doc, manifest.Path{"data"}, "the ConfigMap")
	}
	if manifest.Sealed(string(text)) {
		return &Refusal{Reason: bad, Message: fmt.Sprintf("what key %q of %s holds is not in the input", key, o.Doc.Ref), Certainty: diag.Unknown}
	}
	if block, _ := pem.Decode(text); block == nil || block.Type != "CERTIFICATE" {
		return (&Refusal{Reason: bad, Message: fmt.Sprintf("key %q of %s holds no PEM certificate", key, o.Doc.Ref)}).
			see(o.Doc, manifest.Path{"data", key}, "the key")
	}
	return nil
}
