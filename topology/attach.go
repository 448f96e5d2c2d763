package topology

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// A route attaches to a listener that its parentRef selects, that takes its kind
// and namespace, and whose hostname meets one of its own. One listener is enough
// for Accepted=True (GA apis/v1/shared_types.go, RouteConditionAccepted).

// parent finds what a parentRef names and attaches the route there.
func (x *resolver) parent(p *Parent) {
	group, kind := string(*p.Ref.Group), string(*p.Ref.Kind)
	namespace, name := string(*p.Ref.Namespace), string(p.Ref.Name)
	switch {
	case group == gatewayv1.GroupName && kind == "Gateway":
		p.Gateway = x.gatewayFor(namespace, name)
		x.attachTo(p, p.Gateway.Listeners)
	case group == gatewayv1.GroupName && kind == "ListenerSet" && !(x.Profile.Transport.GatewayParentsOnly && x.ownSet(namespace, name)):
		x.setParent(p, namespace, name)
	case group == "" && kind == "Service":
		x.meshParent(p, namespace, name)
	default:
		p.Refusal = p.refuse("", fmt.Sprintf("no known controller handles parents of kind %q in group %q", kind, group), diag.Certain, "kind")
	}
}

// ownSet reports whether a ListenerSet is the implementation's to read: its
// Gateway is, or is not known to be another one's.
func (x *resolver) ownSet(namespace, name string) bool {
	if s := x.sets[namespace+"/"+name]; s != nil {
		return s.Gateway == nil || !s.Gateway.Foreign
	}
	return x.firstOwn
}

// setParent attaches a route to a ListenerSet. One that the input lacks is stood
// for by a Gateway of its own, as no other is known.
func (x *resolver) setParent(p *Parent, namespace, name string) {
	if s := x.sets[namespace+"/"+name]; s != nil {
		p.Set, p.Gateway = s, s.Gateway
		if s.Gateway == nil || s.Gateway.absent && !s.Gateway.Foreign {
			p.Refusal = p.refuse("", s.Refusal.Message, s.Refusal.Certainty)
			return
		}
		x.attachTo(p, s.Listeners)
		return
	}
	key := namespace + "/" + name + " (ListenerSet)"
	g := x.gateways[key]
	if g == nil {
		g = x.synthetic(namespace, name+" (ListenerSet)", x.missing(gatewayv1.GroupName, "ListenerSet", namespace, name))
		x.gateways[key] = g
	}
	p.Gateway = g
	x.attachTo(p, g.Listeners)
}

// attachTo tries each listener of a parent. A Gateway parent does not reach the
// listeners that ListenerSets add (GEP-1713).
func (x *resolver) attachTo(p *Parent, listeners []*Listener) {
	switch {
	case p.Gateway.Foreign:
		p.Foreign = true
		return
	case p.Gateway.absent:
		p.Refusal = p.refuse("", fmt.Sprintf("%s %s does not exist", *p.Ref.Kind, string(*p.Ref.Namespace)+"/"+string(p.Ref.Name)), diag.Assumed, "name")
		return
	}
	var elsewhere *Refusal // one for all listeners that the reference does not select
	for _, l := range listeners {
		if l.Set != p.Set {
			continue
		}
		a := &Attachment{Parent: p, Listener: l}
		p.Attachments = append(p.Attachments, a)
		if l.Set != nil {
			a.doubt(l.Set.Certainty, l.Set.Why)
		} else {
			a.doubt(l.Gateway.Certainty, l.why)
		}
		if l.Index < 0 {
			a.Hosts = effectiveHosts("", p.Route.Hostnames, false)
			continue
		}
		for _, stage := range x.Profile.Status.StageOrder() {
			if stage == profile.SectionStage {
				elsewhere = x.section(a, elsewhere)
			} else {
				x.stage(a, stage)
			}
			if a.Refusal != nil {
				a.Stage, a.Hosts = stage, nil
				break
			}
		}
		if a.Refusal == nil {
			x.refuseUnusable(a)
		}
	}
}

// section asks sectionName and port; with both, both must hold.
func (x *resolver) section(a *Attachment, shared *Refusal) *Refusal {
	ref, l := &a.Parent.Ref, a.Listener
	byName := ref.SectionName == nil || string(*ref.SectionName) == l.Name
	byPort := ref.Port == nil || x.Profile.Status.ParentPortIgnored || int32(*ref.Port) == l.Port
	if byName && byPort {
		return shared
	}
	if shared == nil {
		field, what := "sectionName", []string{}
		if ref.SectionName != nil {
			what = append(what, fmt.Sprintf("sectionName %q", *ref.SectionName))
		} else {
			field = "port"
		}
		if ref.Port != nil {
			what = append(what, fmt.Sprintf("port %d", *ref.Port))
		}
		shared = a.Parent.refuse(noMatchingParent, strings.Join(what, " and ")+" does not select the listener", diag.Certain, field)
	}
	a.Refusal = shared
	return shared
}

// Reasons of Accepted=False (GA apis/v1/shared_types.go).
const (
	noMatchingParent     = string(gatewayv1.RouteReasonNoMatchingParent)
	notAllowed           = string(gatewayv1.RouteReasonNotAllowedByListeners)
	noMatchingHostname   = string(gatewayv1.RouteReasonNoMatchingListenerHostname)
	unsupportedValue     = string(gatewayv1.RouteReasonUnsupportedValue)
	backendNotFound      = string(gatewayv1.RouteReasonBackendNotFound)
	refNotPermitted      = string(gatewayv1.RouteReasonRefNotPermitted)
	invalidKind          = string(gatewayv1.RouteReasonInvalidKind)
	unsupportedProtocol  = string(gatewayv1.RouteReasonUnsupportedProtocol)
	policyConflicted     = string(gatewayv1.PolicyReasonConflicted)
	policyTargetNotFound = string(gatewayv1.PolicyReasonTargetNotFound)
	policyInvalid        = string(gatewayv1.PolicyReasonInvalid)
)

// stage asks one of the other tests.
func (x *resolver) stage(a *Attachment, stage profile.Stage) {
	l, r := a.Listener, a.Parent.Route
	switch stage {
	case profile.KindStage:
		switch {
		case slices.Contains(l.Kinds, profile.GroupKind{Group: gatewayv1.GroupName, Kind: r.Kind}):
			if l.KindsUnknown {
				a.doubt(diag.Unknown, fmt.Sprintf("whether protocol %s carries %s is implementation-specific", l.Protocol, r.Kind))
			}
		case l.KindsUnknown && (l.allowed == nil || len(l.allowed.Kinds) == 0):
			a.doubt(diag.Unknown, fmt.Sprintf("which kinds protocol %q carries is implementation-specific", l.Protocol))
		default:
			a.Refusal = a.Parent.refuse(notAllowed, fmt.Sprintf("%s takes %s and no %s", l, kindWords(l), r.Kind), diag.Certain).
				see(l.Doc(), l.Path("allowedRoutes", "kinds"), "the kinds that the listener takes")
		}
	case profile.NamespaceStage:
		v := x.admitsNamespace(l, r.Namespace)
		if v.ok {
			a.doubt(v.certainty, v.why)
			return
		}
		a.Refusal = a.Parent.refuse(notAllowed, fmt.Sprintf("%s takes no routes of namespace %q: %s", l, r.Namespace, v.why), v.certainty).
			see(l.Doc(), l.Path("allowedRoutes", "namespaces"), "the namespaces that the listener takes")
	case profile.HostnameStage:
		x.hostnames(a)
	}
}

func kindWords(l *Listener) string {
	var kinds []string
	for _, k := range l.Kinds {
		kinds = append(kinds, k.Kind)
	}
	if len(kinds) == 0 {
		return "no kind of route"
	}
	return strings.Join(kinds, ", ")
}

// hostnames fills in the effective hostnames.
func (x *resolver) hostnames(a *Attachment) {
	l, r, knobs := a.Listener, a.Parent.Route, &x.Profile.Hosts
	a.Hosts = effectiveHosts(l.Hostname, r.Hostnames, knobs.WildcardsEqualOnly)
	claimed := ""
	if knobs.DropClaimed {
		kept := a.Hosts[:0]
		for _, h := range a.Hosts {
			if h.Name != "" && l.claimedElsewhere(h.Name) {
				claimed = h.Name
				continue
			}
			kept = append(kept, h)
		}
		a.Hosts = kept
	}
	switch {
	case len(a.Hosts) > 0:
		if knobs.NoNarrowing {
			a.Hosts = effectiveHosts("", r.Hostnames, false)
		}
	case claimed != "":
		a.Refusal = a.Parent.refuse(noMatchingHostname, fmt.Sprintf("%q is the hostname of another listener on port %d", claimed, l.Port), diag.Certain)
	default:
		if l.miss == nil { // most listeners refuse many routes in the same words
			l.miss = (&Refusal{Message: fmt.Sprintf("none of the route's hostnames meets %q of %s", l.Hostname, l)}).
				see(l.Doc(), l.Path("hostname"), "the listener's hostname")
		}
		a.Refusal = a.Parent.refuse(noMatchingHostname, l.miss.Message, diag.Certain)
		a.Refusal.related = l.miss.related
	}
	if a.Refusal != nil && len(r.Hostnames) > 0 {
		a.Refusal.Path = hostnamesPath
	}
}

var hostnamesPath = manifest.Path{"spec", "hostnames"}

// claimedElsewhere reports whether another listener on the port has a hostname.
func (l *Listener) claimedElsewhere(hostname string) bool {
	for _, o := range l.Gateway.Listeners {
		if o != l && o.Port == l.Port && o.Hostname == hostname {
			return true
		}
	}
	return false
}

// settleParents finds the reason of each parentRef that no listener takes.
func (x *resolver) settleParents() {
	for _, r := range x.Routes {
		for _, p := range r.Parents {
			if !p.Mesh && !p.Foreign && p.Refusal == nil {
				p.Refusal = x.parentRefusal(p)
			}
		}
	}
}

// parentRefusal chooses among the listeners' refusals: one that may not hold,
// else that of the last listener, or of the one that got furthest.
func (x *resolver) parentRefusal(p *Parent) *Refusal {
	if len(p.Attachments) == 0 {
		return p.refuse(noMatchingParent, fmt.Sprintf("%s %s has no listeners", *p.Ref.Kind, p.Ref.Name), p.Gateway.Certainty, "name")
	}
	status := &x.Profile.Status
	var chosen *Attachment
	for _, a := range p.Attachments {
		if a.Refusal == nil {
			return nil
		}
		switch {
		case chosen == nil || !refused(a.Refusal) && refused(chosen.Refusal):
			chosen = a
		case refused(a.Refusal) != refused(chosen.Refusal):
		case status.LastRejection && (a.Stage != profile.SectionStage || a.unusable):
			chosen = a
		case !status.LastRejection && x.rank(a) > x.rank(chosen):
			chosen = a
		}
	}
	r := chosen.Refusal
	selective := p.Ref.SectionName != nil || p.Ref.Port != nil && !status.ParentPortIgnored
	if status.SectionAlwaysNoMatchingParent && selective && r.Reason != noMatchingParent && chosen.Stage != profile.ConflictStage {
		said := *r
		said.Reason = noMatchingParent
		return &said
	}
	return r
}

// rank is how far an attachment got in the order in which listeners refuse.
func (x *resolver) rank(a *Attachment) int {
	order := x.Profile.Status.StageOrder()
	if i := slices.Index(order, a.Stage); i >= 0 && !a.unusable {
		return i
	}
	return len(order)
}
