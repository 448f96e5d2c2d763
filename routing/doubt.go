package routing

import (
	"fmt"
	"regexp"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// doubts collects what the input does not show and the choice depends on.
func (d *Decision) doubts(r *Request, host string) {
	s := d.Server
	if s.blocked != "" {
		d.doubt(diag.Unknown, s.blocked)
	}
	d.consumerDoubt(r)
	d.openDoubt(r, host)
	d.missDoubt(host)
	if d.Entry == nil {
		if l := d.Listener; l != nil && l.Topology != nil && !s.shares {
			d.doubt(listenerDoubt(l.Topology))
		}
		return
	}
	d.doubt(d.Entry.Certainty, d.Entry.Why) // of its listener as well
	d.doubt(d.Entry.Action.Certainty, d.Entry.Action.Why)
	d.tieDoubt()
}

// openDoubt marks an answer that an entry would change of which the input does
// not show whether it is there, or what its patterns take.
func (d *Decision) openDoubt(r *Request, host string) {
	p := &d.Server.Profile.Precedence
	doubt := func(e *Entry, why string) {
		if d.Entry == nil || precedes(p, e, d.Entry) < 0 {
			d.doubt(diag.Unknown, why)
		}
	}
	if d.Host != nil {
		for _, e := range d.Host.Entries {
			if e.Route.GRPC != nil && d.Server.Profile.Matching.NotServed {
				continue
			}
			if d.Server.Profile.Matching.RegexUndefined && e.Dead == "" && e.mayPrecede(d.Entry, p) && e.foundBy(r) {
				d.doubt(diag.Unknown, fmt.Sprintf("no source says how %s reads the regular expression of rule %s", d.Server.Profile.Name, describeRule(e.Rule)))
			}
			if e.opaque && e.mayTake(r) {
				doubt(e, fmt.Sprintf("whether rule %s takes the call is not known: %s", describeRule(e.Rule), e.Dead))
			}
		}
	}
	for _, l := range d.asked(host) {
		if l != d.Listener && !d.Server.shares {
			continue
		}
		for _, e := range l.open {
			if topology.MatchHost(e.Host.Name, host, d.Server.Profile.Hosts.WildcardOneLabel) && e.fails(r) == nil {
				doubt(e, fmt.Sprintf("whether %s %s is attached is not known: %s", e.Route.Kind, e.Route.Key(), e.Why))
			}
		}
	}
}

// foundBy reports whether the entry has regular expressions and each of them is
// found somewhere in what it is for, which the widest reading asks.
func (e *Entry) foundBy(r *Request) bool {
	service, method, ok := splitPath(r.Path)
	found := func(pattern, in string) bool {
		re, err := regexp.Compile(pattern)
		return err == nil && re.MatchString(in)
	}
	patterns := false
	switch f := &e.Unit.Path; {
	case f.Kind == profile.SegmentPath:
		if patterns = true; !ok || !found(f.Service, service) || !found(f.Method, method) {
			return false
		}
	case f.Kind == profile.RegexPath:
		if patterns = true; !found(f.Pattern, r.Path) {
			return false
		}
	case !ok && e.cond.shape != anyPath || !e.cond.takesPath(r.Path, service, method):
		return false
	}
	for i := range e.cond.headers {
		h := &e.cond.headers[i]
		got, present := h.got(r.Headers)
		switch {
		case h.re != nil:
			if patterns = true; !present || !found(h.value, got) {
				return false
			}
		case !h.takes(r.Headers):
			return false
		}
	}
	return patterns
}

// mayPrecede reports whether the entry would take the winner's calls, if it took
// them at all.
func (e *Entry) mayPrecede(winner *Entry, p *profile.Precedence) bool {
	return winner == nil || e == winner || precedes(p, e, winner) < 0
}

func (d *Decision) doubt(certainty diag.Certainty, why string) {
	d.Certainty = diag.Weakest(d.Certainty, certainty)
	if certainty != diag.Unknown || why == "" {
		return
	}
	for _, u := range d.Unknowns {
		if u == why {
			return
		}
	}
	d.Unknowns = append(d.Unknowns, why)
}

// tieDoubt marks a win that age or nothing decided. Candidates that lost to the
// winner by the criteria are not in question.
func (d *Decision) tieDoubt() {
	p := &d.Server.Profile.Precedence
	for _, c := range d.Considered {
		switch {
		case c.Verdict != Lost:
		case d.Server.Service != "" && c.Entry.Route.Kind != d.Entry.Route.Kind:
			d.doubt(diag.Unknown, "how a GRPCRoute and an HTTPRoute of one Service combine is not specified")
		case !tied(p, d.Entry, c.Entry):
		case p.TiesUndefined:
			d.doubt(diag.Unknown, fmt.Sprintf("%s does not say which comes first, rule %s or rule %s",
				d.Server.Profile.Name, describeRule(d.Entry.Rule), describeRule(c.Entry.Rule)))
		case d.Entry.order.created.IsZero() || c.Entry.order.created.IsZero():
			d.doubt(diag.Unknown, fmt.Sprintf("depends on age: %s and %s tie, and the older one wins",
				d.Entry.Route.Key(), c.Entry.Route.Key()))
		}
	}
}

// missDoubt marks an answer that stands on a hostname which only uncertain
// routes bring: without them a less specific one would answer.
func (d *Decision) missDoubt(host string) {
	if d.Host == nil || !d.Server.Profile.Hosts.NoFallthrough {
		return
	}
	for _, e := range d.Host.own {
		if e.Certainty != diag.Unknown {
			return
		}
	}
	d.doubt(diag.Unknown, fmt.Sprintf("hostname %q answers for %s only if a route attaches: %s",
		d.Host.Name, describeHost(host), d.Host.own[0].Why))
}

// consumerDoubt marks a mesh call whose caller is not known although callers of
// some namespaces have routes of their own.
func (d *Decision) consumerDoubt(r *Request) {
	if d.Server.Service == "" || r.From != "" {
		return
	}
	for _, l := range d.Server.Listeners {
		if l.Consumer != "" {
			d.doubt(diag.Unknown, "callers in namespace "+l.Consumer+" have routes of their own, and the call does not say where it comes from")
		}
	}
}
