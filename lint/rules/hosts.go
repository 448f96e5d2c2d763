package rules

import (
	"iter"

	"github.com/grpcroute/grpcroute/routing"
)

// hostPlace is a host of a table and the server that it is on.
type hostPlace struct {
	server *routing.Server
	host   *routing.Host
}

// hostsOf walks the hosts of a table, those of a table that listeners share once.
func hostsOf(t *routing.Table) iter.Seq[hostPlace] {
	return func(yield func(hostPlace) bool) {
		for _, s := range t.Servers {
			for i, l := range s.Listeners {
				if i > 0 && sharedHosts(l, s.Listeners[0]) {
					continue
				}
				for _, h := range l.Hosts {
					if !yield(hostPlace{s, h}) {
						return
					}
				}
			}
		}
	}
}

// grpcHosts walks the hosts of a table that a GRPCRoute names, each with the
// first entry of one.
func grpcHosts(t *routing.Table) iter.Seq2[hostPlace, *routing.Entry] {
	return func(yield func(hostPlace, *routing.Entry) bool) {
		for pl := range hostsOf(t) {
			if e := pl.grpcEntry(); e != nil && !yield(pl, e) {
				return
			}
		}
	}
}

// grpcEntry returns the first entry of a GRPCRoute under a host's own name that
// can take calls, nil for none. In a mesh hostnames do not count.
func (pl hostPlace) grpcEntry() *routing.Entry {
	if pl.server.Service != "" {
		return nil
	}
	for _, e := range pl.host.Entries {
		if e.Host.Name == pl.host.Name && e.Route.GRPC != nil && e.Dead == "" {
			return e
		}
	}
	return nil
}

// ask sends a call without headers to the host.
func (pl hostPlace) ask(t *routing.Table, path string) (*routing.Request, routing.Result) {
	r := to(pl.server, routing.Request{Authority: concrete(pl.host.Name), Path: path})
	return r, t.LookupOnce(r)
}

// Paths of the calls that tools make to every server.
const (
	healthCheck     = "/grpc.health.v1.Health/Check"
	reflectionV1    = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	reflectionAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
)
