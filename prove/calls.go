package prove

import (
	"context"
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// DiffCall is [Diff] for the calls to one authority and path, through whatever
// Gateway serves them on either side; their headers are left open.
func DiffCall(ctx context.Context, old, new *routing.Table, authority, path string, o Options) *Difference {
	budget := o.Budget.filled()
	ctx, cancel := context.WithTimeout(ctx, budget.Time)
	defer cancel()
	d := &differing{x: newEngine(ctx, budget), old: old, new: new, out: &Difference{}, byKey: map[string]*Region{}}
	service, method, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok || !segmentChars.holds(service) || !segmentChars.holds(method) || service == "" || method == "" {
		d.unknown(fmt.Sprintf("%q is not the path of a gRPC call", path))
		return d.out
	}
	for _, e := range entrances(old, new) {
		if r, ok := e.through(old, new, authority); ok {
			v := &view{request: r, atom: hostAtom{authority, authority, authority}}
			if err := d.call(e, v, service, method); err != nil {
				d.unknown(err.Error())
			}
		}
	}
	return d.out
}

// Through returns how a call to an authority can be made where a route of either
// table answers for it: requests without path and headers.
func Through(old, new *routing.Table, authority string) []routing.Request {
	var out []routing.Request
	for _, e := range entrances(old, new) {
		if r, ok := e.through(old, new, authority); ok {
			out = append(out, r)
		}
	}
	return out
}

func (e entrance) through(old, new *routing.Table, authority string) (routing.Request, bool) {
	a, b := e.server(old), e.server(new)
	r := e.request()
	r.Authority = authority
	if a != nil && a.TLS || b != nil && b.TLS {
		r.SNI = authority
	}
	return r, e.service == "" && (serves(a, &r) || serves(b, &r))
}

func serves(s *routing.Server, r *routing.Request) bool { return s != nil && s.Serves(r) }

// call compares the calls of one path through one entrance.
func (d *differing) call(e entrance, v *view, service, method string) error {
	a, b := d.old.Lookup(&v.request), d.new.Lookup(&v.request)
	key := pairKey{a.Host, b.Host, d.miss(&a), d.miss(&b)}
	if why := blocked(&a, &b); why != "" {
		d.unknown(why)
		return nil
	}
	ls := []*language{{kind: routing.LiteralText, text: service}, {kind: routing.LiteralText, text: method}}
	services, err := d.x.names.service.dimension(ls[:1])
	if err != nil {
		return err
	}
	methods, err := d.x.names.method.dimension(ls[1:])
	if err != nil {
		return err
	}
	p := &place{methods: methods}
	for _, h := range []*routing.Host{a.Host, b.Host} {
		p.lists = append(p.lists, taking(d.x.units(h), service, method))
	}
	found, err := d.divider(key, d.unknown).place(p)
	for _, s := range found {
		s.service, s.methodDim = services, methods
		s.services, s.methods = newBitset(services.size()), newBitset(methods.size())
		s.services.add(services.point(service))
		s.methods.add(methods.point(method))
		s.method, s.path = method, "/"+service+"/"+method
		d.add(e, v, key, s)
	}
	return err
}

// taking returns the units that take a path, up to the first that asks nothing
// more.
func taking(units []unit, service, method string) []*unit {
	var out []*unit
	for i := range units {
		u := &units[i]
		for _, r := range u.paths {
			if r.service.takes(service) && r.method.takes(method) {
				out = append(out, u)
				break
			}
		}
		if len(out) > 0 && out[len(out)-1] == u && u.always() {
			break
		}
	}
	return out
}
