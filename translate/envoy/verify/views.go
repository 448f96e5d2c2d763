package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
)

// maxViews bounds the views of one door.
const maxViews = 200_000

// views lists the ways to make calls through a door that either side tells apart.
// cut: there are too many for those whose SNI is another than their host.
func (d *door) views() (out []view, cut bool) {
	names, inner, ports := d.names()
	sets := prove.HostSets(names, d.server.Profile.Hosts.WildcardOneLabel)
	var patterns []string
	for _, set := range sets {
		for _, port := range ports {
			out = append(out, d.view(set, port, set.Host, patterns))
		}
		patterns = append(patterns, set.Pattern)
	}
	if !d.server.TLS {
		return out, false
	}
	snis := prove.HostSets(inner, false)
	if len(snis)*len(sets) > maxViews {
		return out, true
	}
	for _, sni := range snis {
		for i := range sets {
			if sni.Host != sets[i].Host {
				out = append(out, d.view(sets[i], "", sni.Host, patterns[:i]))
			}
		}
	}
	return out, false
}

// view is the view of a set of hosts.
func (d *door) view(set prove.HostSet, port, sni string, narrower []string) view {
	v := view{set: set, port: port, narrower: narrower}
	v.request = routing.Request{Gateway: d.gateway.Key(), Port: d.port, Authority: set.Host + port, Path: "/any.Service/Any"}
	if d.server.TLS {
		v.request.SNI = sni
	}
	return v
}

// names lists the hosts that are told apart, those of them that an SNI is told apart
// by, and the ports of authorities, of which "" comes first.
func (d *door) names() (names, inner, ports []string) {
	for _, l := range d.server.Listeners {
		inner = append(inner, l.Topology.Hostname)
		for _, h := range l.Hosts {
			names = append(names, h.Name)
		}
	}
	for _, c := range d.listener.all() {
		inner = append(inner, c.match.GetServerNames()...)
		if t := d.tableOf(c); t != nil {
			n, p := t.domains()
			names, ports = append(names, n...), append(ports, p...)
		}
	}
	inner = lower(inner)
	// No host has a star in it.
	names = slices.DeleteFunc(append(names, inner...), func(n string) bool {
		return len(n) > 2 && strings.Contains(n[1:len(n)-1], "*")
	})
	ports = append(ports, "", fmt.Sprintf(":%d", max(d.port, 1)))
	slices.Sort(ports)
	ports = slices.Compact(ports)
	return names, inner, append(ports, otherPort(ports))
}

// otherPort is a port that is none of some.
func otherPort(ports []string) string {
	for i := 1; ; i++ {
		if p := fmt.Sprintf(":%d", i); !slices.Contains(ports, p) {
			return p
		}
	}
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = strings.ToLower(list[i])
	}
	return out
}

// doubts lists what of the chains of a door is not known.
func (d *door) doubts(neutral []string) []string {
	var out []string
	for _, c := range d.listener.all() {
		for _, why := range c.unknown {
			if slices.ContainsFunc(neutral, func(name string) bool { return strings.HasPrefix(why, "HTTP filter "+name+" ") }) {
				continue
			}
			if !slices.Contains(out, why) {
				out = append(out, why)
			}
		}
		if why := c.otherwise(); why != "" {
			out = append(out, fmt.Sprintf("filter chain %s is chosen by %s, which is not compared", c.name, why))
		}
	}
	return out
}
