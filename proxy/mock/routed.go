package mock

import (
	"maps"
	"slices"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Backends returns the backends that the rules of tables send calls to, one
// reference for each namespace, name and port, by that name. It is what
// [Options.CheckBackends] wants.
func Backends(tables ...*routing.Table) []*topology.Backend {
	found := map[string]*topology.Backend{}
	for e := range entries(tables) {
		for i := range e.Action.Shares {
			b := e.Action.Shares[i].Backend
			if name := nameOf(b); found[name] == nil {
				found[name] = b
			}
		}
	}
	var out []*topology.Backend
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out
}

// Routed returns the services whose calls the tables send to a backend by their
// exact names, sorted: what a mock without descriptors may say that it has.
func Routed(b *topology.Backend, tables ...*routing.Table) []string {
	services := map[string]bool{}
	for e := range entries(tables) {
		if path := e.Unit.Path; path.Kind != profile.ExactPath && path.Kind != profile.ServicePath || e.Dead != "" {
			continue
		}
		for i := range e.Action.Shares {
			if nameOf(e.Action.Shares[i].Backend) == nameOf(b) {
				services[e.Unit.Path.Service] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(services))
}

// entries walks all entries of tables.
func entries(tables []*routing.Table) func(yield func(*routing.Entry) bool) {
	return func(yield func(*routing.Entry) bool) {
		for _, t := range tables {
			for _, s := range t.Servers {
				for _, l := range s.Listeners {
					for _, h := range l.Hosts {
						for _, e := range h.Entries {
							if !yield(e) {
								return
							}
						}
					}
				}
			}
		}
	}
}
