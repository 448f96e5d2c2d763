package plan

import (
	"net/netip"
	"regexp"
	"slices"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
)

// hostname is what the API server takes, with underscores, which it does not.
var hostname = regexp.MustCompile(`^$|^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)

// oddHost says that a hostname is left out because no proxy takes it as one.
func (p *Plan) oddHost(x *Index, name string, h *routing.Host) {
	if l := x.listeners[name]; l != nil {
		p.Lost(l.Topology.Doc(), l.Topology.Path("hostname"), "hostname %q is left out: it is none", name)
	}
	if h == nil {
		return
	}
	for _, e := range h.Entries {
		if e.Host.Name == name {
			p.Lost(e.Route.Doc, manifest.Path{"spec", "hostnames", max(slices.Index(e.Route.Hostnames, e.Host.Own), 0)}, "hostname %q is left out: it is none", name)
			return
		}
	}
}

// lane writes down what a connection meets, one host for each hostname that
// somebody names.
func (p *Plan) lane(x *Index, secure bool, selected *routing.Listener) *Lane {
	out := &Lane{}
	if selected != nil {
		out.Listener, out.SNI = selected.Topology, selected.Topology.Hostname
	}
	known := map[*routing.Host][]*Step{}
	for _, name := range x.Names {
		h, miss := x.Find(name, secure, selected)
		if _, err := netip.ParseAddr(name); err == nil {
			continue // no host has such a name
		}
		if !hostname.MatchString(name) {
			p.oddHost(x, name, h)
			continue
		}
		host := &Host{Name: name, OneLabel: x.Server.Profile.Hosts.WildcardOneLabel, Miss: miss}
		if h != nil {
			steps, ok := known[h]
			if !ok {
				steps = p.steps(x.Server, h)
				known[h] = steps
			}
			host.Steps = steps
		}
		out.Hosts = append(out.Hosts, host)
	}
	return out
}
