package topology

import (
	"slices"

	"github.com/grpcroute/grpcroute/manifest"
)

// place is where a backendRef stands in its route. Routes that are built alike
// share their places, and refusals share the paths of their fields: nobody changes
// a path.
type place struct {
	path   manifest.Path
	fields map[string]manifest.Path
}

// placeKey names the place of a backendRef in any route.
type placeKey struct{ rule, backend int }

// placeOf returns the place of a backendRef of a rule.
func (x *resolver) placeOf(rule *Rule, backend int) *place {
	key := placeKey{rule.Index, backend}
	p := x.places[key]
	if p == nil {
		p = &place{path: slices.Clip(rule.Path("backendRefs", backend))}
		x.places[key] = p
	}
	return p
}

// at returns the path; nil for a backend that stands in no route.
func (p *place) at() manifest.Path {
	if p == nil {
		return nil
	}
	return p.path
}

// below returns the path of a field of the reference. It is for the resolver,
// which works alone.
func (p *place) below(field []any) manifest.Path {
	if len(field) != 1 {
		return join(p.path, field...)
	}
	name, ok := field[0].(string)
	if !ok {
		return join(p.path, field...)
	}
	at, ok := p.fields[name]
	if !ok {
		at = slices.Clip(join(p.path, name))
		if p.fields == nil {
			p.fields = map[string]manifest.Path{}
		}
		p.fields[name] = at
	}
	return at
}
