package routing

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// compiler holds what the tables of one implementation share.
type compiler struct {
	topology *topology.Topology
	profile  *profile.Profile
	budget   *memoBudget
	patterns *patterns
	rules    map[*topology.Rule]*ruleUnits
	orders   map[*topology.Route]*routeOrder
	// endpoints says of each Service that has EndpointSlices in the input whether
	// one of its endpoints is ready; nil until asked for.
	endpoints map[string]bool
	one       [1]profile.Unit // scratch of entries
	row       []int           // scratch of keys
	rows      map[keyRow][]int
}

// Compile builds the tables of a topology. It never fails: what cannot be used
// answers with an error.
func Compile(t *topology.Topology) *Table {
	b := builder{
		table:     &Table{Topology: t, byGateway: map[string][]*Server{}, byService: map[string][]*Server{}},
		budget:    &memoBudget{},
		compilers: map[*profile.Profile]*compiler{},
		global:    map[*profile.Profile]*Server{},
	}
	for _, g := range t.Gateways {
		b.gateway(g)
	}
	b.findOpen(t)
	for _, s := range b.table.Servers {
		b.of(s.Profile).finishServer(s, b.open)
	}
	b.mesh(t)
	return b.table
}

// builder gathers listeners into servers.
type builder struct {
	table     *Table
	budget    *memoBudget
	compilers map[*profile.Profile]*compiler
	global    map[*profile.Profile]*Server
	// open are the attachments that the input neither shows nor rules out.
	open map[*topology.Listener][]*topology.Attachment
}

func (b *builder) of(p *profile.Profile) *compiler {
	c, ok := b.compilers[p]
	if !ok {
		c = &compiler{
			topology: b.table.Topology,
			profile:  p,
			budget:   b.budget,
			patterns: newPatterns(),
			rules:    map[*topology.Rule]*ruleUnits{},
			orders:   map[*topology.Route]*routeOrder{},
		}
		b.compilers[p] = c
	}
	return c
}

// gateway adds the listeners of a Gateway to its servers, ports ascending.
func (b *builder) gateway(g *topology.Gateway) {
	p := b.table.profileOf(g)
	if p.Hosts.Isolation == profile.Global {
		s := b.global[p]
		if s == nil {
			s = b.add(&Server{Profile: p})
			b.global[p] = s
		}
		b.serve(s, g)
		s.addListeners(g.Listeners)
		return
	}
	ports := map[int32][]*topology.Listener{}
	var order []int32
	for _, l := range g.Listeners {
		if _, ok := ports[l.Port]; !ok {
			order = append(order, l.Port)
		}
		ports[l.Port] = append(ports[l.Port], l)
	}
	slices.Sort(order)
	for _, port := range order {
		s := b.add(&Server{Profile: p, Port: port})
		b.serve(s, g)
		s.addListeners(ports[port])
	}
}

func (b *builder) add(s *Server) *Server {
	b.table.Servers = append(b.table.Servers, s)
	b.table.gateways = append(b.table.gateways, s)
	return s
}

func (b *builder) serve(s *Server, g *topology.Gateway) {
	s.Gateways, s.keys = append(s.Gateways, g), append(s.keys, g.Key())
	b.table.byGateway[g.Key()] = append(b.table.byGateway[g.Key()], s)
}

func (t *Table) profileOf(g *topology.Gateway) *profile.Profile {
	switch {
	case g != nil && g.Profile != nil:
		return g.Profile
	case t.Topology.Profile != nil:
		return t.Topology.Profile
	}
	return profile.Spec
}

// findOpen gathers the attachments that are refused only as far as the input
// shows, as that of the younger of two routes of which one has no age.
func (b *builder) findOpen(t *topology.Topology) {
	b.open = map[*topology.Listener][]*topology.Attachment{}
	for _, r := range t.Routes {
		for _, p := range r.Parents {
			for _, at := range p.Attachments {
				if at.Refusal != nil && !refused(at.Refusal) {
					b.open[at.Listener] = append(b.open[at.Listener], at)
				}
			}
		}
	}
}

// finishServer compiles the tables of a server.
func (c *compiler) finishServer(s *Server, open map[*topology.Listener][]*topology.Attachment) {
	s.TLS = s.isTLS() && !c.profile.Transport.NoTLS
	s.shares = c.profile.Hosts.Isolation != profile.PerListener
	if s.TLS {
		s.shares = c.profile.Hosts.IsolationTLS != profile.PerListener
	}
	if s.shares {
		s.shared = c.hostTable(s.Listeners)
	}
	for _, l := range s.Listeners {
		l.hosts = s.shared
		if !s.shares {
			l.hosts = c.hostTable([]*Listener{l})
		}
		l.Hosts = l.hosts.list
		for _, at := range open[l.Topology] {
			for _, h := range at.Hosts {
				l.open = c.entries(l.open, &binding{at.Parent.Route, h, []*Listener{l}, diag.Unknown, at.Refusal.Message})
			}
		}
	}
	s.index.oneLabel = c.profile.Hosts.WildcardOneLabel
	s.names.oneLabel = s.index.oneLabel
	s.indexPlaces()
	s.blocked = c.blocked(s)
}

// blocked returns the first pattern that does not compile where that stops every
// update of the table.
func (c *compiler) blocked(s *Server) string {
	if !c.profile.Matching.InvalidRegexBlocksAll {
		return ""
	}
	for _, l := range s.Listeners {
		for _, h := range l.Hosts {
			for _, e := range h.own {
				if err := c.rules[e.Rule].broken; err != nil {
					return fmt.Sprintf("rule %s: %v; until it does no change to any route takes effect", describeRule(e.Rule), err)
				}
			}
		}
	}
	return ""
}

func (c *compiler) order(r *topology.Route) *routeOrder {
	o, ok := c.orders[r]
	if !ok {
		o = newRouteOrder(r)
		c.orders[r] = o
	}
	return o
}
