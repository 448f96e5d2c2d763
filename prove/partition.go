package prove

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// Partition is all calls that one table can get, as disjoint regions that leave
// none out, grouped by the hosts whose calls are divided alike.
type Partition struct {
	Groups  []*HostRegions
	Unknown []string // what could not be decided, and why
}

// HostRegions are the regions of the calls to some hosts. Their own Where and
// Hosts are empty.
type HostRegions struct {
	Where   []string // "Gateway NS/NAME port 443"
	Hosts   []string // "api.example.com", "*.example.com", "any other host"
	Regions []*Region

	of *HostRegions // the same for all groups with these regions
}

// Partitions divides the calls to the hosts that keep says, all when it is nil, by
// the match that takes them.
func Partitions(ctx context.Context, t *routing.Table, keep func(r *routing.Request) bool, o Options) *Partition {
	budget := o.Budget.filled()
	ctx, cancel := context.WithTimeout(ctx, budget.Time)
	defer cancel()
	p := &partitioning{x: newEngine(ctx, budget), table: t, out: &Partition{}, known: map[pairKey]*HostRegions{}, groups: map[groupKey]*HostRegions{}}
	all := entrances(t)
	for i, e := range all {
		for _, v := range e.requests(e.server(t)) {
			if keep != nil && !keep(&v.request) {
				continue
			}
			if err := p.view(e, &v); err != nil {
				p.out.Unknown = append(p.out.Unknown, fmt.Sprintf("%s, calls to %s: %v", e, hostText(&v), err))
			}
		}
		if o.Progress != nil {
			o.Progress(i+1, len(all))
		}
	}
	p.out.Groups = p.together()
	return p.out
}

// groupKey is a partition through one entrance.
type groupKey struct {
	pairKey
	where string
}

// together joins groups that differ only in where their calls are made.
func (p *partitioning) together() []*HostRegions {
	var out []*HostRegions
	byHosts := map[string]*HostRegions{}
	for _, g := range p.out.Groups {
		key := fmt.Sprintf("%p %s", g.of, strings.Join(g.Hosts, "\x01"))
		if old, ok := byHosts[key]; ok {
			old.Where = append(old.Where, g.Where...)
			continue
		}
		byHosts[key] = g
		out = append(out, g)
	}
	return out
}

type partitioning struct {
	x      *engine
	table  *routing.Table
	out    *Partition
	known  map[pairKey]*HostRegions // the regions
	groups map[groupKey]*HostRegions
}

func (p *partitioning) view(e entrance, v *view) error {
	res := p.table.Lookup(&v.request)
	answer := res.Answer
	if res.Host != nil {
		answer = &res.Server.Profile.Answers.NoMatch
	}
	miss := answerEffect(answer)
	key := pairKey{old: res.Host, oldMiss: p.x.number(miss)}
	shared, ok := p.known[key]
	if !ok {
		shared = &HostRegions{}
		if why := blocked(&res); why != "" {
			p.out.Unknown = append(p.out.Unknown, why)
		} else if err := p.divide(shared, v, res.Host, miss); err != nil {
			return err
		}
		p.known[key] = shared
	}
	here := groupKey{key, e.String()}
	g, ok := p.groups[here]
	if !ok {
		g = &HostRegions{Where: []string{here.where}, Regions: shared.Regions, of: shared}
		p.groups[here] = g
		p.out.Groups = append(p.out.Groups, g)
	}
	if host := hostText(v); !slices.Contains(g.Hosts, host) {
		g.Hosts = append(g.Hosts, host)
	}
	return nil
}

// divide fills in the regions of a host, in the order of the entries that own
// them and nobody's last.
func (p *partitioning) divide(g *HostRegions, v *view, h *routing.Host, miss *Effect) error {
	units := p.x.units(h)
	rank := map[*routing.Entry]int{}
	for i := range units {
		rank[units[i].entry] = i
	}
	d := &divider{x: p.x}
	d.key = func(owners []*unit) string {
		if owners[0] == nil {
			return "none"
		}
		return fmt.Sprint(rank[owners[0].entry])
	}
	sections, err := d.divide(units)
	if err != nil {
		return err
	}
	for _, s := range sections {
		r := s.region(v)
		r.Old = miss
		if u := s.owners[0]; u != nil {
			r.Owner, r.Old = u.entry, actionEffect(u.entry)
			if u.unread != "" {
				p.out.Unknown = append(p.out.Unknown, fmt.Sprintf("rule %d of %s: %s", u.entry.Rule.Index, u.entry.Route.Key(), u.unread))
			}
		}
		g.Regions = append(g.Regions, r)
	}
	place := func(r *Region) int {
		if r.Owner == nil {
			return len(units)
		}
		return rank[r.Owner]
	}
	slices.SortStableFunc(g.Regions, func(a, b *Region) int { return place(a) - place(b) })
	return nil
}

// String writes the calls of a region in one line, for messages: "shop.Users/any
// where x-env is absent".
func (r *Region) String() string {
	text := r.Service + "/" + r.Method
	if len(r.Headers) > 0 {
		text += " where " + strings.Join(r.Headers, " and ")
	}
	return text
}
