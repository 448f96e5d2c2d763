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
	if c.profile.Hosts.CatchAllAlone {
		bindings = catchAllAlone(bindings)
	}
	return c.tableOf(bindings)
}

// catchAllAlone drops the other hostnames of routes that take any host. Of a route
// of which the input does not show that, they are in doubt.
func catchAllAlone(bindings []*binding) []*binding {
	every := map[*topology.Route]*binding{}
	for _, b := range bindings {
		if b.host.Name == "" {
			every[b.route] = b
		}
	}
	return slices.DeleteFunc(bindings, func(b *binding) bool {
		all := every[b.route]
		switch {
		case all == nil || all == b:
			return false
		case all.certainty == diag.Unknown:
			b.weaken(diag.Unknown, all.why)
			return false
		}
		all.listeners = append(all.listeners, b.listeners...)
		return true
	})
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
	es = slices.Grow(es, len(b.route.Rules))
	for _, r := range b.route.Rules {
		ru := c.rule(r)
		var keys []int
		if c.profile.Precedence.PerRule {
			keys = c.keys(ru.over(b))
		}
		block := make([]Entry, len(ru.units))
		for i := range ru.units {
			u, e := &ru.units[i], &block[i]
			*e = Entry{
				Clause: &u.Clause, Host: b.host, Keys: keys, Listeners: b.listeners,
				Certainty: b.certainty, Why: b.why, cond: &u.cond,
			}
			if keys == nil {
				c.one[0] = e.unit()
				e.Keys = c.keys(c.one[:])
			}
			es = append(es, e)
		}
	}
	return es
}

// unit is an entry's Unit with its hostnames.
func (e *Entry) unit() profile.Unit {
	u := e.Unit
	u.Host, u.OwnHost = e.Host.Name, e.Host.Own
	return u
}

// over is the units by which a rule ranks as one under a hostname.
func (ru *ruleUnits) over(b *binding) []profile.Unit {
	over := make([]profile.Unit, 0, len(ru.units))
	for i := range ru.units {
		u := ru.units[i].Unit
		u.Host, u.OwnHost = b.host.Name, b.host.Own
		if !ru.units[i].dropped {
			over = append(over, u)
		}
	}
	return over
}

// keys finds the keys of a unit, or of several that rank as one. Most units rank
// like others: they share them.
func (c *compiler) keys(over []profile.Unit) []int {
	keys := c.row[:0]
	for _, cr := range c.profile.Precedence.Order() {
		keys = append(keys, cr.Of(over))
	}
	c.row = keys
	if len(keys) > maxKeys {
		return slices.Clone(keys)
	}
	var row keyRow
	copy(row[:], keys)
	known, ok := c.rows[row]
	if !ok {
		known = slices.Clone(keys)
		if c.rows == nil {
			c.rows = map[keyRow][]int{}
		}
		c.rows[row] = known
	}
	return known
}

// maxKeys is the number of criteria up to which keys are shared.
const maxKeys = 8

// keyRow is the keys of a unit, filled up with zeros: all have as many.
type keyRow [maxKeys]int

// finish merges into a host what it falls through to and builds its matcher.
func (c *compiler) finish(t *hostTable, h *Host) {
	var next *Host
	if !c.profile.Hosts.NoFallthrough {
		next = t.next(h)
	}
	if next == nil {
		h.Entries, h.grouped = h.own, true
		h.match = c.matcher(h.own, nil)
		return
	}
	h.Entries = addOthers(h.own, next.Entries)
	n := len(h.own)
	h.grouped = next.grouped && (n == len(h.Entries) || c.precedes(h.own[n-1], h.Entries[n]) <= 0)
	if h.grouped {
		h.match = c.matcher(h.own, next.match)
		return
	}
	slices.SortFunc(h.Entries, c.precedes)
	h.match = c.matcher(h.Entries, nil)
}

// next returns the most specific host that takes every request that h takes, other
// than h.
func (t *hostTable) next(h *Host) *Host {
	for _, o := range t.index.allCovering(h.Name) {
		if o != h {
			return o
		}
	}
	return nil
}

// addOthers appends the entries of a less specific host, but for those of routes
// that are there already: of a route only its most specific hostname competes for
// a request.
func addOthers(own, less []*Entry) []*Entry {
	routes := map[*topology.Route]bool{}
	for _, e := range own {
		routes[e.Route] = true
	}
	es := make([]*Entry, len(own), len(own)+len(less))
	copy(es, own)
	for _, e := range less {
		if !routes[e.Route] {
			es = append(es, e)
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
