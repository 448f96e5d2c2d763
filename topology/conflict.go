package topology

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
)

// Listeners conflict when a request could not be told apart: protocols on one
// port that do not go together, or one hostname twice. Of a Gateway's own
// listeners all that are indistinct are refused (GA apis/v1/gateway_types.go,
// "Handling indistinct Listeners"); a ListenerSet's lose against those before
// them, which keep working (GA apis/v1/listenerset_types.go).

// side is what shares a port: UDP does not meet the others.
type side struct {
	port int32
	udp  bool
}

// claim is one hostname on a side.
type claim struct {
	side
	hostname string
}

// family puts together the protocols that go together on a port: HTTPS and TLS
// are told apart by the SNI. It is "" for an implementation-defined protocol.
func family(l *Listener) string {
	switch l.Protocol {
	case "HTTPS", "TLS":
		return "HTTPS or TLS"
	case "HTTP", "TCP", "UDP":
		return l.Protocol
	}
	return ""
}

func sideOf(l *Listener) side { return side{l.Port, l.Protocol == "UDP"} }

func claimOf(l *Listener) claim {
	c := claim{side: sideOf(l)}
	if l.Protocol != "TCP" && l.Protocol != "UDP" {
		c.hostname = l.Hostname
	}
	return c
}

// settleListeners finds the conflicts of a Gateway.
func (x *resolver) settleListeners(g *Gateway) {
	if x.Profile.Hosts.FirstListenerWins {
		settleByOrder(g)
		return
	}
	sides, claims := map[side][]*Listener{}, map[claim][]*Listener{}
	for _, l := range g.Listeners {
		if l.Set == nil && family(l) != "" {
			sides[sideOf(l)] = append(sides[sideOf(l)], l)
			claims[claimOf(l)] = append(claims[claimOf(l)], l)
		}
	}
	for _, l := range g.Listeners {
		if l.Set == nil && family(l) != "" {
			l.conflictWith(otherFamily(l, sides[sideOf(l)]), claims[claimOf(l)], diag.Certain)
		}
	}
	for _, s := range g.Sets {
		if refused(s.Refusal) {
			continue
		}
		for _, l := range s.Listeners {
			x.settleLater(l, sides, claims)
		}
	}
}

// settleLater refuses a ListenerSet's listener that conflicts with one before it,
// or lets it stand.
func (x *resolver) settleLater(l *Listener, sides map[side][]*Listener, claims map[claim][]*Listener) {
	if family(l) == "" {
		return
	}
	other := otherFamily(l, sides[sideOf(l)])
	if other == nil && len(claims[claimOf(l)]) > 0 {
		other = claims[claimOf(l)][0]
	}
	if other == nil {
		sides[sideOf(l)] = append(sides[sideOf(l)], l)
		claims[claimOf(l)] = append(claims[claimOf(l)], l)
		return
	}
	certainty := precedence(l, other)
	if certainty == diag.Unknown && other.Set != nil {
		other.conflictWith(otherFamily(other, []*Listener{l}), []*Listener{other, l}, diag.Unknown)
	}
	l.conflictWith(otherFamily(l, sides[sideOf(l)]), claims[claimOf(l)], certainty)
}

// precedence is how certain it is that a listener comes after another one: of two
// sets the older comes first.
func precedence(l, other *Listener) diag.Certainty {
	if l.Set == nil || l.Set == other.Set {
		return diag.Certain
	}
	certainty := l.Set.Certainty
	if other.Set != nil {
		a, b := l.Set.Object, other.Set.Object
		certainty = diag.Weakest(certainty, diag.Weakest(other.Set.Certainty, byAge(&a.Value.ObjectMeta, &b.Value.ObjectMeta, a.Doc.Ref, b.Doc.Ref)))
	}
	return certainty
}

// settleByOrder finds the conflicts of a Gateway where the first listener of a
// port wins: it sets the protocol, and of each hostname the first to claim it has
// it, even one that lost by its protocol. UDP is not served there at all.
func settleByOrder(g *Gateway) {
	ports := map[int32][]*Listener{}
	var order []int32
	for _, l := range g.Listeners {
		if l.Set != nil && refused(l.Set.Refusal) || l.Protocol == "UDP" || family(l) == "" {
			continue
		}
		if ports[l.Port] == nil {
			order = append(order, l.Port)
		}
		ports[l.Port] = append(ports[l.Port], l)
	}
	for _, port := range order {
		settlePort(ports[port])
	}
}

func settlePort(on []*Listener) {
	owners := map[string]*Listener{}
	mixed := false
	for _, l := range on {
		mixed = mixed || family(l) != family(on[0])
		if owners[l.Hostname] == nil {
			owners[l.Hostname] = l
		}
	}
	for _, l := range on {
		var protocol *Listener
		other := owners[l.Hostname]
		if mixed && l.Protocol != on[0].Protocol {
			protocol, other = on[0], on[0]
		}
		if other == l {
			continue
		}
		certainty := precedence(l, other)
		if certainty == diag.Unknown && other.Set != nil {
			other.conflictWith(otherFamily(other, []*Listener{l}), []*Listener{other, l}, diag.Unknown)
		}
		l.conflictWith(protocol, []*Listener{other, l}, certainty)
	}
}

// otherFamily returns the first listener whose protocol does not go together
// with l's.
func otherFamily(l *Listener, on []*Listener) *Listener {
	for _, o := range on {
		if family(o) != family(l) {
			return o
		}
	}
	return nil
}

// conflictWith refuses a listener because of one of another protocol family, or
// because its claim is also another's.
func (l *Listener) conflictWith(protocol *Listener, same []*Listener, certainty diag.Certainty) {
	var r *Refusal
	var other *Listener
	switch {
	case protocol != nil:
		other = protocol
		r = &Refusal{
			Reason:  "ProtocolConflict",
			Message: fmt.Sprintf("protocol %s does not go together with %s of %s on port %d", l.Protocol, other.Protocol, other, l.Port),
			Path:    l.Path("protocol"),
		}
	default:
		for _, o := range same {
			if o != l {
				other = o
				break
			}
		}
		if other == nil {
			return
		}
		r = &Refusal{
			Reason:  "HostnameConflict",
			Message: fmt.Sprintf("port %d with %s is also that of %s", l.Port, hostWords(l.Hostname), other),
			Path:    l.Path("hostname"),
		}
		if l.Protocol == "TCP" || l.Protocol == "UDP" {
			r.Reason, r.Path = "ProtocolConflict", l.Path("port")
			r.Message = fmt.Sprintf("%s port %d is also that of %s", l.Protocol, l.Port, other)
		}
	}
	r.Certainty = certainty
	l.conflicted = l.conflicted || certainty != diag.Unknown
	if certainty == diag.Unknown {
		l.contested = r
	}
	l.refuse(r.see(other.Doc(), other.Path("name"), "the other listener"))
}

func hostWords(hostname string) string {
	if hostname == "" {
		return "no hostname"
	}
	return fmt.Sprintf("hostname %q", hostname)
}

// refuseUnusable refuses a route on a listener that takes none: one of a
// ListenerSet that its Gateway refuses and, for some implementations, one in
// conflict.
func (x *resolver) refuseUnusable(a *Attachment) {
	l := a.Listener
	switch {
	case l.Set != nil && l.Set.Refusal != nil:
		a.Refusal = a.Parent.refuse(noMatchingParent, l.Set.Refusal.Message, l.Set.Refusal.Certainty)
	case l.conflicted && x.Profile.Status.ConflictedTakeNone:
		a.Refusal = a.Parent.refuse(noMatchingParent, fmt.Sprintf("%s is in conflict with another listener", l), diag.Certain)
	case l.contested != nil && x.Profile.Status.ConflictedTakeNone:
		message := fmt.Sprintf("%s may be in conflict with another listener: %s", l, l.contested.Message)
		a.Refusal = a.Parent.refuse(noMatchingParent, message, diag.Unknown)
		a.Stage, a.unusable = profile.SectionStage, true
		a.doubt(diag.Unknown, message)
		return
	default:
		return
	}
	a.Stage, a.Hosts, a.unusable = profile.SectionStage, nil, true
}
