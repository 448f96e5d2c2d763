package prove

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// hostAtom is a set of hosts that no hostname in sight tells apart.
type hostAtom struct {
	name string // the hostname that names the set: exact, "*.x", or "" for all others
	host string // one of them
	text string // for people: "*.example.com", "any other host"
}

// hostAtoms divides all hosts by some hostnames. Where wildcards may cover one
// label only, deeper hosts are a set of their own.
func hostAtoms(names []string, oneLabel bool) []hostAtom {
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(topology.MoreSpecific(a, b), cmp.Compare(a, b))
	})
	names = slices.Compact(names)
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	var out []hostAtom
	for _, n := range names {
		suffix, wild := strings.CutPrefix(n, "*")
		switch {
		case n == "":
		case !wild:
			out = append(out, hostAtom{n, n, n})
		default:
			out = append(out, hostAtom{n, fresh(known, suffix), n})
			if oneLabel {
				out = append(out, hostAtom{n, fresh(known, "."+fresh(known, suffix)), n + " with more labels"})
			}
		}
	}
	rest := "any other host"
	if len(out) == 0 {
		rest = "any host"
	}
	return append(out, hostAtom{"", fresh(known, ".invalid"), rest})
}

// fresh returns a host under a suffix that no known hostname but those covering
// the whole suffix covers.
func fresh(known map[string]bool, suffix string) string {
	for i := 0; ; i++ {
		label := "any"
		if i > 0 {
			label = fmt.Sprintf("any%d", i)
		}
		if host := label + suffix; !known[host] && !known["*."+host] {
			return host
		}
	}
}

// view is one way to reach a host's entries: a request without path and headers.
type view struct {
	entrance entrance
	request  routing.Request
	atom     hostAtom
	result   routing.Result // of a call there
}

// entrance is something a client can connect to.
type entrance struct {
	gateway string
	port    int32
	service string // of a mesh
}

// entrances lists what clients of some tables can connect to.
func entrances(tables ...*routing.Table) []entrance {
	var out []entrance
	for _, t := range tables {
		for _, s := range t.Servers {
			if s.Service != "" {
				out = append(out, entrance{service: s.Service, port: s.Port})
				continue
			}
			for _, g := range s.Gateways {
				ports := []int32{s.Port}
				if s.Port == 0 {
					ports = nil
					for _, l := range g.Listeners {
						ports = append(ports, l.Port)
					}
				}
				for _, port := range ports {
					out = append(out, entrance{gateway: g.Key(), port: port})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b entrance) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.gateway, b.gateway), cmp.Compare(a.port, b.port))
	})
	out = slices.Compact(out)
	// A Gateway that one side lacks has no port there.
	return slices.DeleteFunc(slices.Clone(out), func(e entrance) bool {
		return e.port == 0 && slices.ContainsFunc(out, func(o entrance) bool {
			return o.port != 0 && o.gateway == e.gateway && o.service == e.service
		})
	})
}

func (e entrance) request() routing.Request {
	return routing.Request{Gateway: e.gateway, Port: e.port, Service: e.service, Path: "/any.Service/Any"}
}

// server returns the server of a table behind an entrance, or nil.
func (e entrance) server(t *routing.Table) *routing.Server {
	r := e.request()
	if ss := t.Serving(&r); len(ss) == 1 {
		return ss[0]
	}
	return nil
}

// hostnames appends those that a server tells apart.
func hostnames(names []string, s *routing.Server) []string {
	if s == nil {
		return names
	}
	for i, l := range s.Listeners {
		if l.Topology != nil {
			names = append(names, l.Topology.Hostname)
		}
		if i > 0 && len(l.Hosts) > 0 && len(s.Listeners[0].Hosts) == len(l.Hosts) && l.Hosts[0] == s.Listeners[0].Hosts[0] {
			continue // one table
		}
		for _, h := range l.Hosts {
			names = append(names, h.Name)
		}
	}
	return names
}

// callers returns the namespaces whose mesh calls may end differently, "" for all
// others.
func callers(servers ...*routing.Server) []string {
	out := []string{""}
	for _, s := range servers {
		if s == nil || s.Service == "" {
			continue
		}
		for _, l := range s.Listeners {
			out = append(out, l.Consumer)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// requests returns a request for each set of hosts and callers of an entrance
// that the servers behind it tell apart; over TLS and without it where one of
// them takes TLS and another does not.
func (e entrance) requests(servers ...*routing.Server) []view {
	var names []string
	oneLabel, tls, clear := false, false, false
	for _, s := range servers {
		if s != nil {
			names = hostnames(names, s)
			oneLabel = oneLabel || s.Profile.Hosts.WildcardOneLabel
			tls, clear = tls || s.TLS, clear || !s.TLS
		}
	}
	atoms := hostAtoms(names, oneLabel)
	if e.service != "" {
		atoms, tls = []hostAtom{{"", e.service, "any host"}}, false
	}
	var out []view
	froms := callers(servers...)
	if tls && clear {
		out = make([]view, 0, 2*len(froms)*len(atoms))
	} else {
		out = make([]view, 0, len(froms)*len(atoms))
	}
	for _, from := range froms {
		for _, a := range atoms {
			r := e.request()
			r.Authority, r.From = a.host, from
			if clear || !tls {
				out = append(out, view{entrance: e, request: r, atom: a})
			}
			if tls {
				r.SNI = a.host
				out = append(out, view{entrance: e, request: r, atom: a})
			}
		}
	}
	return out
}

// Views are the requests that consult the hosts of a table. They are found when a
// proof first asks, and may be shared by proofs that run at the same time.
type Views struct {
	of func() map[*routing.Host][]view
}

// ViewsOf returns the views of a table.
func ViewsOf(t *routing.Table) *Views {
	return &Views{sync.OnceValue(func() map[*routing.Host][]view { return views(t) })}
}

// viewsOf returns the views of a table, those of the options where they have any.
func (o *Options) viewsOf(t *routing.Table) map[*routing.Host][]view {
	if o.Views != nil {
		return o.Views.of()
	}
	return views(t)
}

// views finds for each host of a table the requests that consult it, by
// [routing.Table.Lookup].
func views(t *routing.Table) map[*routing.Host][]view {
	out := map[*routing.Host][]view{}
	for _, e := range entrances(t) {
		s := e.server(t)
		if s == nil {
			continue
		}
		vs := e.requests(s)
		for i := range vs {
			v := &vs[i]
			v.result = t.LookupOnce(&v.request)
			switch h := v.result.Host; {
			case h == nil:
			case out[h] == nil:
				out[h] = vs[i : i+1 : i+1]
			default:
				out[h] = append(out[h], *v)
			}
		}
		if s.TLS && s.Profile.Hosts.NoMisdirected {
			crossViews(t, s, vs, out)
		}
	}
	return out
}

// crossViews adds the hosts that only connections made for another host consult,
// where the implementation does not notice.
func crossViews(t *routing.Table, s *routing.Server, vs []view, out map[*routing.Host][]view) {
	by := map[*routing.Listener]string{}
	for _, v := range vs {
		if l := t.LookupOnce(&v.request).Listener; l != nil && by[l] == "" {
			by[l] = v.request.Authority
		}
	}
	for _, l := range s.Listeners {
		sni := by[l]
		if sni == "" {
			continue
		}
		for _, v := range vs {
			v.request.SNI = sni
			if v.result = t.LookupOnce(&v.request); v.result.Host != nil && len(out[v.result.Host]) == 0 {
				out[v.result.Host] = append(out[v.result.Host], v)
			}
		}
	}
}
