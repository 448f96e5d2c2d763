package routing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/topology"
)

// Explain is Lookup, recorded: Considered holds every entry of every host the
// request could have matched, best first: the winner, then those that matched as
// well, then the others, each in precedence order.
func (t *Table) Explain(r *Request) *Decision {
	d := &Decision{Result: t.Lookup(r)}
	host := hostName(r.Authority)
	if d.Server == nil {
		d.noServer(t, r)
		return d
	}
	d.Considered = d.consider(r, host)
	if d.Entry == nil {
		d.Why = d.Server.miss(r, host, &d.Result)
	} else if d.Entry.Action.Answer != nil {
		d.Why = d.Entry.Action.Why
	}
	d.doubts(r, host)
	return d
}

// noServer says why no server, or no single one, could be chosen.
func (d *Decision) noServer(t *Table, r *Request) {
	servers := t.Serving(r)
	if len(servers) == 0 {
		d.Why = "no listener of " + named(r) + " is in the input"
		return
	}
	names := make([]string, len(servers))
	for i, s := range servers {
		names[i] = s.String()
	}
	d.Why = "several listeners could take the call: " + strings.Join(names, ", ")
	d.doubt(diag.Unknown, d.Why)
}

func named(r *Request) string {
	what := "a Gateway"
	switch {
	case r.Service != "":
		what = "Service " + r.Service
	case r.Gateway != "":
		what = "Gateway " + r.Gateway
	}
	if r.Port != 0 {
		what += fmt.Sprintf(" on port %d", r.Port)
	}
	if r.SNI != "" {
		what += " for TLS"
	}
	return what
}

// String names the server as a user would: "Gateway default/edge port 443".
func (s *Server) String() string {
	what := "Service " + s.Service
	if s.Service == "" {
		keys := make([]string, len(s.Gateways))
		for i, g := range s.Gateways {
			keys[i] = g.Key()
		}
		what = "Gateway " + strings.Join(keys, ", ")
	}
	if s.Port != 0 {
		what += fmt.Sprintf(" port %d", s.Port)
	}
	return what
}

// miss says why no entry takes a call.
func (s *Server) miss(r *Request, host string, res *Result) string {
	switch {
	case res.Misdirected:
		return fmt.Sprintf("the connection is for %s, but %s belongs to %s",
			describeListener(s.place(hostName(r.SNI)).listener), describeHost(host), describeListener(s.place(host).listener))
	case res.Outcome == NoListener:
		why := fmt.Sprintf("no listener of %s serves %s", s, describeHost(host))
		for _, l := range s.Refused {
			if topology.MatchHost(l.Hostname, host, s.Profile.Hosts.WildcardOneLabel) {
				why += fmt.Sprintf("; listener %q would, but is not programmed: %s", l.Name, whyRefused(l))
			}
		}
		return why
	case res.Host == nil:
		return fmt.Sprintf("no route answers for %s on %s", describeHost(host), describeListener(res.Listener))
	}
	return fmt.Sprintf("no rule for %s matches", describeHost(host))
}

func whyRefused(l *topology.Listener) string {
	for _, r := range l.Refusals {
		if refused(r) {
			return r.Message
		}
	}
	return l.Set.Refusal.Message
}

func describeHost(host string) string {
	if host == "" {
		return "a call without a hostname"
	}
	return fmt.Sprintf("host %q", host)
}

func describeListener(l *Listener) string {
	switch {
	case l == nil:
		return "no listener"
	case l.Topology == nil && l.Consumer != "":
		return "the consumer routes of namespace " + l.Consumer
	case l.Topology == nil:
		return "the producer routes"
	}
	return fmt.Sprintf("listener %q", l.Topology.Name)
}

func describeRule(r *topology.Rule) string {
	return fmt.Sprintf("%d of %s %s", r.Index, r.Route.Kind, r.Route.Key())
}

// consider judges the entries of every host that covers the request's.
func (d *Decision) consider(r *Request, host string) []Candidate {
	var cs []Candidate
	seen := map[*Entry]bool{}
	add := func(entries []*Entry, judge func(*Entry) Candidate) {
		for _, e := range entries {
			if !seen[e] {
				seen[e] = true
				cs = append(cs, judge(e))
			}
		}
	}
	if d.Host != nil {
		add(d.Host.Entries, func(e *Entry) Candidate { return d.judge(e, r) })
	}
	for _, l := range d.asked(host) {
		for _, h := range l.hosts.index.all(host) {
			add(h.own, func(e *Entry) Candidate { return d.passedOver(e, l, host) })
		}
	}
	slices.SortStableFunc(cs, func(a, b Candidate) int { return int(a.Verdict) - int(b.Verdict) })
	return cs
}

// asked returns the listeners that cover a host, the one in force first.
func (d *Decision) asked(host string) []*Listener {
	s := d.Server
	switch {
	case s.shares || s.Service != "":
		return s.Listeners
	}
	ls := s.names.all(host)
	if i := slices.Index(ls, d.Listener); i > 0 {
		ls = append([]*Listener{d.Listener}, slices.Delete(ls, i, i+1)...)
	}
	return ls
}

// judge says how an entry of the host in force fares.
func (d *Decision) judge(e *Entry, r *Request) Candidate {
	c := Candidate{Entry: e}
	switch fail := e.fails(r); {
	case e == d.Entry:
		c.Verdict = Won
	case fail != nil:
		c.Verdict, c.Condition, c.Want, c.Got, c.Why = Unmatched, fail.condition, fail.want, fail.got, fail.why
	default:
		s := decide(&d.Server.Profile.Precedence, e, d.Entry)
		c.Verdict, c.Key = Lost, s.key
		c.Why = s.first + " against " + s.other
	}
	return c
}

// passedOver says why an entry that covers the host was not asked at all.
func (d *Decision) passedOver(e *Entry, l *Listener, host string) Candidate {
	c := Candidate{Entry: e, Verdict: Unmatched, Condition: "host", Want: e.Host.Name, Got: host}
	switch {
	case d.Misdirected:
		c.Condition, c.Why = "listener", "the call is misdirected, so that no rule is asked"
	case l != d.Listener && !d.Server.shares:
		c.Condition = "listener"
		c.Why = fmt.Sprintf("its %s is not asked: %s takes the call", describeListener(l), describeListener(d.Listener))
	case d.covered(e):
		c.Why = fmt.Sprintf("its route answers for %s by the more specific %q", describeHost(host), d.Host.Name)
	default:
		c.Why = fmt.Sprintf("its hostname %q is not asked: the more specific %q answers alone", e.Host.Name, d.Host.Name)
	}
	return c
}

// covered reports whether an entry's route stands in the host in force under a
// more specific name.
func (d *Decision) covered(e *Entry) bool {
	return !d.Server.Profile.Hosts.NoFallthrough && slices.ContainsFunc(d.Host.Entries, func(o *Entry) bool {
		return o.Route == e.Route
	})
}
