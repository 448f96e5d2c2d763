package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// door is one port of one Gateway, and the listener of Envoy that is it.
type door struct {
	table    *routing.Table
	server   *routing.Server
	gateway  *topology.Gateway
	port     int32
	listener *listener
	tableOf  func(*chain) *routeTable
}

func (d *door) String() string {
	text := "Gateway " + d.gateway.Key()
	if d.port != 0 {
		text += fmt.Sprintf(" port %d", d.port)
	}
	return text
}

// name is how the door is written in flags, and in our own configurations.
func (d *door) name() string {
	if d.port == 0 {
		return d.gateway.Key()
	}
	return fmt.Sprintf("%s:%d", d.gateway.Key(), d.port)
}

// serves reports whether a route is attached behind the door.
func (d *door) serves() bool {
	return slices.ContainsFunc(d.server.Listeners, func(l *routing.Listener) bool {
		return l.Topology.Gateway == d.gateway && l.Topology.Port == d.port && len(l.Hosts) > 0
	})
}

// doorsOf lists the ports of tables.
func doorsOf(tables []*routing.Table) (out []*door, mesh []string) {
	for _, t := range tables {
		for _, s := range t.Servers {
			if s.Service != "" {
				mesh = append(mesh, s.Service)
				continue
			}
			for _, l := range slices.Concat(topologies(s.Listeners), s.Refused) {
				d := &door{table: t, server: s, gateway: l.Gateway, port: l.Port}
				if !slices.ContainsFunc(out, func(o *door) bool { return o.server == s && o.name() == d.name() }) {
					out = append(out, d)
				}
			}
		}
	}
	return out, mesh
}

func topologies(ls []*routing.Listener) []*topology.Listener {
	var out []*topology.Listener
	for _, l := range ls {
		out = append(out, l.Topology)
	}
	return out
}

// tableName is how a route configuration names the listener it is for, in known ways:
// a Gateway, with a port or the name of one of its listeners.
var tableName = regexp.MustCompile(`^([^/:]+)/([^/:]+)(?::(\d+))?(?:/(.+))?$`)

// portName is a name that ends with a port and names no Gateway.
var portName = regexp.MustCompile(`^(?:listener~|[0-9.]+_|http\.|https\.)?(\d+)$`)

// fits says how a name of Envoy's fits a door: 0 not at all, 1 by the port, 2 by
// Gateway and listener; listener is the name of the Gateway's listener, if it has one.
func (d *door) fits(name string) (how int, listener string) {
	if m := tableName.FindStringSubmatch(name); m != nil && m[1]+"/"+m[2] == d.gateway.Key() {
		switch {
		case m[3] != "" && m[3] != strconv.Itoa(int(d.port)):
			return 0, ""
		case m[3] != "" || m[4] == "":
			return 2, m[4]
		}
		for _, l := range d.gateway.Listeners {
			if l.Name == m[4] && l.Port == d.port {
				return 2, l.Name
			}
		}
		return 0, ""
	}
	if m := portName.FindStringSubmatch(name); m != nil && m[1] == strconv.Itoa(int(d.port)) {
		return 1, ""
	}
	return 0, ""
}

// match finds the listener of each port. Those that none fits, and listeners that fit
// no port, are said.
func (x *comparing) match(tables []*routing.Table) []*door {
	doors, mesh := doorsOf(tables)
	if x.o.Gateway != "" {
		doors = slices.DeleteFunc(doors, func(d *door) bool { return d.gateway.Key() != x.o.Gateway })
	} else if len(mesh) > 0 {
		x.note("routes of Services (%s) are not compared: a mesh has a proxy beside each client", strings.Join(mesh, ", "))
	}
	listeners := slices.DeleteFunc(x.candidates(doors), func(l *listener) bool {
		return !slices.ContainsFunc(l.all(), func(c *chain) bool { return c.manager != nil || len(c.unknown) > 0 })
	})
	used := map[*listener]bool{}
	var out []*door
	for _, d := range doors {
		found := d.named(d.pick(listeners, x.o.Listeners, len(doors)))
		switch len(found) {
		case 1:
			d.listener, d.tableOf = found[0], x.table
			used[d.listener] = true
			out = append(out, d)
		case 0:
			if !d.serves() {
				continue // neither side takes calls there
			}
			x.unknown(fmt.Sprintf("%s: no Envoy listener is for it%s: say which with --listener NAME=%s", d, namesOf(listeners), d.name()))
		default:
			x.unknown(fmt.Sprintf("%s: several Envoy listeners may be for it%s: say which with --listener NAME=%s", d, namesOf(found), d.name()))
		}
	}
	for _, l := range listeners {
		if !used[l] {
			x.note("Envoy listener %s (%s) is for no port of a Gateway in the manifests: its routes are not compared", l.name, l.at)
		}
	}
	return out
}

func namesOf(ls []*listener) string {
	if len(ls) == 0 {
		return ""
	}
	var out []string
	for _, l := range ls {
		out = append(out, l.name)
	}
	if len(out) > 8 {
		out = append(out[:8], fmt.Sprintf("%d more", len(out)-8))
	}
	return " (there are " + strings.Join(out, ", ") + ")"
}

// pick lists the listeners that may be a door's.
func (d *door) pick(ls []*listener, given map[string]string, doors int) []*listener {
	var by [4][]*listener
	for _, l := range ls {
		if to := given[l.name]; to != "" {
			if to == d.name() {
				by[0] = append(by[0], l)
			}
			continue
		}
		how := 0
		for _, name := range l.allNames() {
			n, _ := d.fits(name)
			how = max(how, n)
		}
		switch {
		case how == 2:
			by[1] = append(by[1], l)
		case how == 1 || l.port == d.port && d.port != 0:
			by[2] = append(by[2], l)
		case doors == 1:
			by[3] = append(by[3], l)
		}
	}
	for _, found := range by {
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// named returns those of several listeners that have the very name of a door, which
// others may begin with.
func (d *door) named(ls []*listener) []*listener {
	for _, l := range ls {
		if l.name == d.name() {
			return []*listener{l}
		}
	}
	return ls
}

// allNames are the names by which a listener may be known.
func (l *listener) allNames() []string {
	out := []string{l.name}
	for _, c := range l.all() {
		if c.rds != "" {
			out = append(out, c.rds)
		} else if c.table != nil && c.table.name != "" {
			out = append(out, c.table.name)
		}
	}
	return out
}

// candidates are the listeners of the input. Where there are only route
// configurations, those of one port stand for one.
func (x *comparing) candidates(doors []*door) []*listener {
	if len(x.config.listeners) > 0 {
		return slices.Clone(x.config.listeners)
	}
	x.note("the input has no listeners: what chooses a route configuration, by SNI for one, is not compared")
	byDoor := map[*door]*listener{}
	var out []*listener
	for _, t := range x.config.tables {
		var of *door
		name := ""
		for _, d := range doors {
			if x.o.Listeners[t.name] != "" {
				if x.o.Listeners[t.name] == d.name() {
					of = d
				}
			} else if how, listener := d.fits(t.name); how > 0 && of == nil {
				of, name = d, listener
			}
		}
		if of == nil || byDoor[of] == nil {
			l := &listener{name: t.name, at: t.at, only: true}
			out = append(out, l)
			if of != nil {
				byDoor[of], l.port = l, of.port
			}
		}
		l := out[len(out)-1]
		if of != nil {
			l = byDoor[of]
		}
		l.addTable(t, of, name)
	}
	return out
}

// addTable adds a route configuration to a listener that is made up for it: for the
// connections of the Gateway's listener that it is named by.
func (l *listener) addTable(t *routeTable, d *door, name string) {
	secure := d != nil && d.server.TLS
	c := madeUp(t, secure)
	hostname := ""
	if secure && name != "" {
		i := slices.IndexFunc(d.gateway.Listeners, func(g *topology.Listener) bool { return g.Name == name })
		if i < 0 {
			l.fallback = c
			return
		}
		hostname = d.gateway.Listeners[i].Hostname
	}
	if hostname != "" {
		c.match = serverName(hostname)
	}
	l.chains = append(l.chains, c)
}

// madeUp is a chain for a route configuration whose listener is not in the input.
func madeUp(t *routeTable, secure bool) *chain {
	return &chain{name: t.name, secure: secure, table: t, manager: &hcmv3.HttpConnectionManager{}}
}

func serverName(hostname string) *listenerv3.FilterChainMatch {
	return &listenerv3.FilterChainMatch{ServerNames: []string{hostname}}
}
