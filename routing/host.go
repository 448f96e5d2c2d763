package routing

import (
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// hostTable is the hosts that one listener, or all that share a table, consult.
type hostTable struct {
	list  []*Host
	index hostIndex[Host]
}

// binding is a route under one effective hostname, through some listeners.
type binding struct {
	route     *topology.Route
	host      topology.Host
	listeners []*Listener
	certainty diag.Certainty
	why       string
}

// hostTable builds the table of the routes attached to some listeners.
func (c *compiler) hostTable(ls []*Listener) *hostTable {
	var bindings []*binding
	seen := map[bindingKey]*binding{}
	for _, l := range ls {
		for _, at := range l.Topology.Attached {
			for _, h := range c.hostnames(at) {
				b := &binding{at.Parent.Route, h, []*Listener{l}, at.Certainty, at.Why}
				b.weaken(listenerDoubt(l.Topology))
				bindings = addBinding(bindings, seen, b)
			}
		}
	}
	return c.tableOf(bindings)
}

type bindingKey struct {
	route *topology.Route
	host  string
}

// addBinding merges bindings of one route and name: the most certain counts, and
// of several origins of one name the most specific.
func addBinding(bindings []*binding, seen map[bindingKey]*binding, b *binding) []*binding {
	key := bindingKey{b.route, b.host.Name}
	old, ok := seen[key]
	if !ok {
		seen[key] = b
		return append(bindings, b)
	}
	old.listeners = append(old.listeners, b.listeners...)
	if b.certainty < old.certainty {
		old.certainty, old.why = b.certainty, b.why
	}
	if topology.MoreSpecific(b.host.Own, old.host.Own) < 0 {
		old.host.Own = b.host.Own
	}
	return bindings
}

// weaken lowers the certainty to that of a premise.
func (b *binding) weaken(certainty diag.Certainty, why string) {
	if certainty > b.certainty {
		b.certainty, b.why = certainty, why
	}
}

// hostnames returns the hostnames an attachment answers for. Without narrowing
// they are the route's own.
func (c *compiler) hostnames(at *topology.Attachment) []topology.Host {
	if !c.profile.Hosts.NoNarrowing {
		return at.Hosts
	}
	own := at.Parent.Route.Hostnames
	if len(own) == 0 {
		return []topology.Host{{}}
	}
	hosts := make([]topology.Host, len(own))
	for i, name := range own {
		hosts[i] = topology.Host{Name: name, Own: name}
	}
	return hosts
}

// tableOf sorts and merges the entries of some bindings.
func (c *compiler) tableOf(bindings []*binding) *hostTable {
	t := &hostTable{index: hostIndex[Host]{oneLabel: c.profile.Hosts.WildcardOneLabel}}
	byName := map[string]*Host{}
	for _, b := range bindings {
		h := byName[b.host.Name]
		if h == nil {
			h = &Host{Name: b.host.Name}
			byName[h.Name] = h
			t.list = append(t.list, h)
		}
		h.own = c.entries(h.own, b)
	}
	// A route whose rules are all gone leaves no host.
	t.list = slices.DeleteFunc(t.list, func(h *Host) bool { return len(h.own) == 0 })
	slices.SortFunc(t.list, func(a, b *Host) int { return topology.MoreSpecific(a.Name, b.Name) })
	for _, h := range t.list {
		slices.SortFunc(h.own, c.precedes)
		t.index.add(h.Name, h)
	}
	// From the least specific, so that a host finds what it falls through to.
	for _, h := range slices.Backward(t.list) {
		c.finish(t, h)
	}
	return t
}

func (c *compiler) precedes(a, b *Entry) int { return precedes(&c.profile.Precedence, a, b) }

// entries appends a route's entries under one hostname.
func (c *compiler) entries(es []*Entry, b *binding) []*Entry {
	order := c.order(b.route)
	for _, r := range b.route.Rules {
		ru := c.rule(r)
		over := make([]profile.Unit, 0, len(ru.units))
		for i := range ru.units {
			u := ru.units[i].unit
			u.Host, u.OwnHost = b.host.Name, b.host.Own
			if !ru.units[i].dropped {
				over = append(over, u)
			}
		}
		var keys []int
		if c.profile.Precedence.PerRule {
			keys = c.keys(over)
		}
		for i := range ru.units {
			u := &ru.units[i]
			e := &Entry{
				Route: b.route, Rule: r, Match: u.match, Host: b.host, Unit: u.unit, Keys: keys,
				Action: ru.action, Listeners: b.listeners, Certainty: b.certainty, Why: b.why,
				Dead: u.dead, cond: u.cond, order: order, opaque: ru.foreign,
			}
			e.Unit.Host, e.Unit.OwnHost = b.host.Name, b.host.Own
			if keys == nil {
				e.Keys = c.keys([]profile.Unit{e.Unit})
			}
			es = append(es, e)
		}
	}
	return es
}

func (c *compiler) keys(over []profile.Unit) []int {
	criteria := c.profile.Precedence.Order()
	keys := make([]int, len(criteria))
	for i, cr := range criteria {
		keys[i] = cr.Of(over)
	}
	return keys
}

// finish merges into a host what it falls through to and builds its matcher.
func (c *compiler) finish(t *hostTable, h *Host) {
	h.Entries = h.own
	if c.profile.Hosts.NoFallthrough {
		h.match = c.matcher(h.own, nil)
		return
	}
	covering := t.covering(h)
	if len(covering) == 0 {
		h.match = c.matcher(h.own, nil)
		return
	}
	next := covering[0]
	h.Entries = mergeRoutes(h.own, covering)
	if slices.IsSortedFunc(h.Entries, c.precedes) {
		// The hostname decides before all else, as it does in the specification: the
		// less specific host is asked when this one has no answer.
		h.match = c.matcher(h.own, next.match)
		return
	}
	slices.SortFunc(h.Entries, c.precedes)
	h.match = c.matcher(h.Entries, nil)
}

// covering returns the hosts that take every request that h takes, other than h,
// the most specific first.
func (t *hostTable) covering(h *Host) []*Host {
	return slices.DeleteFunc(t.index.allCovering(h.Name), func(o *Host) bool { return o == h })
}

// mergeRoutes appends the entries of less specific hosts; of a route only those
// under its most specific hostname compete for a request.
func mergeRoutes(own []*Entry, covering []*Host) []*Entry {
	es := slices.Clip(own)
	best := map[*topology.Route]string{}
	for _, e := range own {
		best[e.Route] = e.Host.Name
	}
	for _, h := range covering {
		for _, e := range h.own {
			if name, ok := best[e.Route]; !ok || name == h.Name {
				best[e.Route] = h.Name
				es = append(es, e)
			}
		}
	}
	return es
}

// listenerDoubt says how certain it is that a listener works.
func listenerDoubt(l *topology.Listener) (certainty diag.Certainty, why string) {
	doubt := func(c diag.Certainty, text string) {
		if c > certainty {
			certainty, why = c, text
		}
	}
	doubt(l.Gateway.Certainty, "Gateway "+l.Gateway.Key()+" is not in the input")
	if l.Set != nil && l.Set.Refusal != nil {
		doubt(l.Set.Refusal.Certainty, l.Set.Refusal.Message)
	}
	if p := l.Gateway.Profile; p == nil || !p.Transport.ServesInvalid {
		for _, r := range l.Refusals {
			doubt(r.Certainty, "listener "+l.Name+": "+r.Message)
		}
	}
	return certainty, why
}
