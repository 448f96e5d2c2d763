package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// routeOrder is what precedence knows of a route once the criteria tie.
type routeOrder struct {
	http    bool
	created time.Time // zero when the input does not say
	key     string    // "namespace/name"
	split   string    // the same, so that namespaces compare apart
}

func newRouteOrder(r *topology.Route) *routeOrder {
	o := &routeOrder{http: r.Kind == "HTTPRoute", key: r.Key(), split: r.Namespace + "\x00" + r.Name}
	switch {
	case r.GRPC != nil:
		o.created = r.GRPC.CreationTimestamp.Time
	case r.HTTP != nil:
		o.created = r.HTTP.CreationTimestamp.Time
	}
	return o
}

// older orders by creation time. A route without one is not in a cluster yet, as
// far as the input shows, and so the youngest; two of them are equal. That keeps
// the order total; explain marks what depends on it.
func (o *routeOrder) older(p *routeOrder) int {
	switch {
	case o.created.IsZero() || p.created.IsZero():
		return cmp.Compare(boolInt(o.created.IsZero()), boolInt(p.created.IsZero()))
	default:
		return o.created.Compare(p.created)
	}
}

// name orders by namespace and name.
func (o *routeOrder) name(p *routeOrder, apart bool) int {
	if apart {
		return strings.Compare(o.split, p.split)
	}
	return strings.Compare(o.key, p.key)
}

// step is the first thing that tells two entries apart.
type step struct {
	order int    // negative: the first entry comes first
	key   string // the criterion's name
	first string // the value of the first entry
	other string
}

// The names of the steps after the profile's criteria, as explain prints them.
const (
	byKind  = "kind"
	byAge   = "age"
	byName  = "namespace/name"
	byRule  = "rule order"
	byMatch = "match order"
)

// precedes compares two entries as the profile orders those that match a request:
// negative when a comes first. Hostnames come last: of a tie under two hostnames
// of one rule only the explanation differs.
func precedes(p *profile.Precedence, a, b *Entry) int {
	return precedesBy(p, a, b, a.Keys, b.Keys)
}

// precedesBy is precedes with other keys than the entries' own.
func precedesBy(p *profile.Precedence, a, b *Entry, of, other []int) int {
	if c := slices.Compare(other, of); c != 0 {
		return c
	}
	if a.order != b.order {
		if c := routeTie(p, a.order, b.order); c != 0 {
			return c
		}
	}
	return cmp.Or(
		cmp.Compare(a.Rule.Index, b.Rule.Index),
		cmp.Compare(a.Match, b.Match),
		topology.MoreSpecific(a.Host.Name, b.Host.Name),
	)
}

func routeTie(p *profile.Precedence, a, b *routeOrder) int {
	if p.HTTPFirst && a.http != b.http {
		return boolInt(b.http) - boolInt(a.http)
	}
	if c := a.older(b); c != 0 {
		return c
	}
	if c := a.name(b, p.NamespaceThenName); c != 0 {
		return c
	}
	// Routes of two kinds may share a name.
	return boolInt(a.http) - boolInt(b.http)
}

// tied reports whether only age and name order two routes' entries.
func tied(p *profile.Precedence, a, b *Entry) bool {
	return a.order != b.order && slices.Equal(a.Keys, b.Keys) &&
		(!p.HTTPFirst || a.order.http == b.order.http)
}

// decide says which step orders two entries, with both values.
func decide(p *profile.Precedence, a, b *Entry) step {
	for i, c := range p.Order() {
		if d := cmp.Compare(b.Keys[i], a.Keys[i]); d != 0 {
			return step{d, c.Name, fmt.Sprint(a.Keys[i]), fmt.Sprint(b.Keys[i])}
		}
	}
	ao, bo := a.order, b.order
	if ao != bo {
		switch {
		case p.HTTPFirst && ao.http != bo.http:
			return step{routeTie(p, ao, bo), byKind, a.Route.Kind, b.Route.Kind}
		case ao.older(bo) != 0:
			return step{ao.older(bo), byAge, ao.age(), bo.age()}
		case ao.key != bo.key:
			return step{ao.name(bo, p.NamespaceThenName), byName, ao.key, bo.key}
		default:
			return step{routeTie(p, ao, bo), byKind, a.Route.Kind, b.Route.Kind}
		}
	}
	if d := cmp.Compare(a.Rule.Index, b.Rule.Index); d != 0 {
		return step{d, byRule, fmt.Sprintf("rule %d", a.Rule.Index), fmt.Sprintf("rule %d", b.Rule.Index)}
	}
	return step{precedes(p, a, b), byMatch, fmt.Sprintf("match %d", a.Match), fmt.Sprintf("match %d", b.Match)}
}

func (o *routeOrder) age() string {
	if o.created.IsZero() {
		return "no creation time"
	}
	return o.created.UTC().Format(time.RFC3339)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
