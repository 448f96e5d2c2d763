package simulate

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// unknowns lists what an answer depends on and the input does not show: what
// decides between rules first, then whether the listener works and the backends
// are there.
func unknowns(x *Explanation) []string {
	list := slices.Clone(x.Decision.Unknowns)
	add := func(text string) {
		if text != "" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	l := listenerAsked(x)
	if l != nil {
		add(passesOn(l))
	}
	if x.Decision.Entry == nil || x.Decision.Outcome == routing.Refused {
		return list // no backend is asked
	}
	if l != nil {
		add(openCertificate(l))
	}
	for _, s := range x.Decision.Entry.Action.Shares {
		switch {
		case s.Certainty != diag.Unknown:
		case s.Backend.Refusal != nil:
			add(s.Backend.Refusal.Message)
		case s.Backend.Unseen != nil:
			add(s.Backend.Unseen.Message)
		default:
			add(fmt.Sprintf("whether backend %s/%s can be used", s.Backend.Namespace, s.Backend.Name))
		}
	}
	return list
}

// listenerAsked returns the listener that a call's connection leads to: over TLS
// that of the SNI. nil when there is none.
func listenerAsked(x *Explanation) *topology.Listener {
	d := x.Decision
	if d.Listener != nil {
		return d.Listener.Topology
	}
	if !d.Misdirected {
		return nil
	}
	var best *topology.Listener
	for _, l := range d.Server.Listeners {
		t := l.Topology
		if t == nil || !topology.MatchHost(t.Hostname, hostOf(x.Request.SNI), false) {
			continue
		}
		if best == nil || topology.MoreSpecific(t.Hostname, best.Hostname) < 0 {
			best = t
		}
	}
	return best
}

// passesOn says that a listener hands connections to routes that are not read, ""
// when it does not. What those answer is not ours to say.
func passesOn(l *topology.Listener) string {
	ours := slices.ContainsFunc(l.Kinds, func(k profile.GroupKind) bool { return k.Kind == "GRPCRoute" || k.Kind == "HTTPRoute" })
	if ours || l.Protocol != "TLS" && l.Protocol != "TCP" {
		return ""
	}
	return fmt.Sprintf("%s passes %s connections on to %sRoutes, which are not read", l, l.Protocol, l.Protocol)
}

// openCertificate says why it is open whether a listener has a certificate, ""
// when it is not; one that can be used is enough.
func openCertificate(l *topology.Listener) string {
	if p := l.Gateway.Profile; p != nil && p.Transport.NoTLS {
		return ""
	}
	open := ""
	for _, c := range l.Certificates {
		switch {
		case c.Refusal == nil:
			return ""
		case c.Refusal.Certainty == diag.Unknown && open == "":
			open = fmt.Sprintf("%s: %s", l, c.Refusal.Message)
		}
	}
	return open
}

// doubtUnread marks an answer that is given without routes of the input whose
// values do not fit their type. Any of them may take the call.
func (x *Explanation) doubtUnread(t *topology.Topology) {
	if t == nil || t.Set == nil {
		return
	}
	for _, doc := range t.Set.Broken {
		if doc.Ref.Kind != "GRPCRoute" && doc.Ref.Kind != "HTTPRoute" {
			continue
		}
		text := fmt.Sprintf("%s is in the input but cannot be read, so that its rules are not asked", doc.Ref)
		if !slices.Contains(x.Unknowns, text) {
			x.Unknowns = append(x.Unknowns, text)
		}
		x.Decision.Certainty = diag.Unknown
	}
}

// assume marks an answer that is given without routes which only --assume keeps
// off their parents, although they would take the call.
func (x *Explanation) assume(t *topology.Topology) {
	if t == nil || x.Decision.Certainty != diag.Certain {
		return
	}
	for _, route := range t.Routes {
		if ruleFor(route, &x.Request) == nil {
			continue
		}
		for _, p := range route.Parents {
			away := p.Refusal != nil && p.Refusal.Certainty == diag.Assumed
			for _, a := range p.Attachments {
				away = away || a.Refusal != nil && a.Refusal.Certainty == diag.Assumed
			}
			if away {
				x.Decision.Certainty = diag.Assumed
			}
		}
	}
}
