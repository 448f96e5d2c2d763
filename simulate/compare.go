package simulate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// CompareOptions steer [CompareTables].
type CompareOptions struct {
	Budget prove.Budget
	// Progress, when set, is called now and then with what is done and to do.
	Progress func(done, total int)
	// Calls, when not nil, are the only ones compared.
	Calls []SeenCall
}

// SeenCall is a call, or equal ones, of a traffic log.
type SeenCall struct {
	Authority, Path string
	Headers         []routing.Header
	Complete        bool // the log shows all headers; otherwise they are left open
	Count           int
}

// CompareTables finds which calls two sides treat differently. A side has a table
// for each implementation that its Gateways choose; those of one implementation
// are compared, and where each side has one they are. The error is the context's.
func CompareTables(ctx context.Context, old, new []*routing.Table, o CompareOptions) (*Diff, error) {
	c := &comparison{ctx: ctx, o: o, out: &Diff{}}
	for _, pair := range pairs(old, new) {
		if o.Calls == nil {
			c.add(pair, prove.Diff(ctx, pair[0], pair[1], prove.Options{Budget: o.Budget, Progress: o.Progress}), 0)
			continue
		}
		c.calls(pair)
	}
	if c.out.Traffic = o.Calls != nil; c.out.Traffic {
		for i := range o.Calls {
			c.out.Calls += o.Calls[i].Count
		}
	}
	slices.SortStableFunc(c.out.Regions, func(a, b DiffRegion) int {
		return slices.Index(Changes, a.Change) - slices.Index(Changes, b.Change)
	})
	return c.out, ctx.Err()
}

// pairs matches the tables of two sides.
func pairs(old, new []*routing.Table) [][2]*routing.Table {
	if len(old) == 1 && len(new) == 1 {
		return [][2]*routing.Table{{old[0], new[0]}}
	}
	var out [][2]*routing.Table
	used := map[*routing.Table]bool{}
	for _, a := range old {
		i := slices.IndexFunc(new, func(b *routing.Table) bool { return b.Topology.Profile == a.Topology.Profile })
		if i < 0 {
			out = append(out, [2]*routing.Table{a, nothing(a)})
			continue
		}
		used[new[i]] = true
		out = append(out, [2]*routing.Table{a, new[i]})
	}
	for _, b := range new {
		if !used[b] {
			out = append(out, [2]*routing.Table{nothing(b), b})
		}
	}
	return out
}

// nothing is the table of an empty input, for an implementation that one side
// does not use.
func nothing(t *routing.Table) *routing.Table {
	return routing.Compile(topology.Resolve(&manifest.Set{}, topology.Options{Profile: t.Topology.Profile}))
}

type comparison struct {
	ctx context.Context
	o   CompareOptions
	out *Diff
}

// maxDoubted bounds for how many regions both decisions are explained in full.
const maxDoubted = 200

// add takes the regions of a proof over; count is how many calls of a log each
// stands for.
func (c *comparison) add(pair [2]*routing.Table, d *prove.Difference, count int) {
	for _, g := range d.Regions {
		var certain func(*prove.Region) (diag.Certainty, []string)
		if len(c.out.Regions) < maxDoubted {
			certain = func(g *prove.Region) (diag.Certainty, []string) { return g.Certain(pair[0], pair[1]) }
		}
		r := regionOf(g, certain)
		r.Calls = count
		c.merge(r)
	}
	c.out.Unknown = append(c.out.Unknown, d.Unknown...)
	for _, n := range d.Notes {
		if !slices.Contains(c.out.Notes, n) {
			c.out.Notes = append(c.out.Notes, n)
		}
	}
}

// merge adds a region, or the calls of a log to the region that they are of.
func (c *comparison) merge(r DiffRegion) {
	c.out.Seen += r.Calls
	for i := range c.out.Regions {
		o := &c.out.Regions[i]
		if r.Calls > 0 && o.Service == r.Service && o.Method == r.Method && o.Old.Key() == r.Old.Key() && o.New.Key() == r.New.Key() &&
			slices.Equal(o.Headers, r.Headers) && slices.Equal(o.Hosts, r.Hosts) {
			o.Calls += r.Calls
			return
		}
	}
	c.out.Regions = append(c.out.Regions, r)
}

// calls compares the calls of a log.
func (c *comparison) calls(pair [2]*routing.Table) {
	for i := range c.o.Calls {
		if c.ctx.Err() != nil {
			return
		}
		if call := &c.o.Calls[i]; call.Complete {
			c.complete(pair, call)
		} else {
			d := prove.DiffCall(c.ctx, pair[0], pair[1], call.Authority, call.Path, prove.Options{Budget: c.o.Budget})
			c.add(pair, d, call.Count)
		}
		if c.o.Progress != nil {
			c.o.Progress(i+1, len(c.o.Calls))
		}
	}
}

// complete compares a call of which all headers are known.
func (c *comparison) complete(pair [2]*routing.Table, call *SeenCall) {
	for _, e := range prove.Through(pair[0], pair[1], call.Authority) {
		r := e
		r.Path, r.Headers = call.Path, call.Headers
		a, b := pair[0].Lookup(&r), pair[1].Lookup(&r)
		x, y := prove.EffectOf(&a), prove.EffectOf(&b)
		if x.Key() == y.Key() {
			continue
		}
		service, method, _ := strings.Cut(strings.TrimPrefix(call.Path, "/"), "/")
		g := prove.Region{Hosts: []string{call.Authority}, Service: service, Method: method, Witness: r, Old: x, New: y}
		for _, h := range call.Headers {
			g.Headers = append(g.Headers, fmt.Sprintf("%s is %q", h.Name, h.Value))
		}
		g.Where = []string{fmt.Sprintf("Gateway %s port %d", r.Gateway, r.Port)}
		c.add(pair, &prove.Difference{Regions: []*prove.Region{&g}}, call.Count)
	}
}

// HeaderNames adds the headers that some match of the tables asks for, in lower
// case.
func HeaderNames(names map[string]bool, tables []*routing.Table) {
	for _, t := range tables {
		for _, s := range t.Servers {
			for _, l := range s.Listeners {
				for _, h := range l.Hosts {
					for _, e := range h.Entries {
						for _, c := range e.Conditions().Headers {
							names[c.Name] = true
						}
					}
				}
			}
		}
	}
}
