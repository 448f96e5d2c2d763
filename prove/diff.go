package prove

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
)

// Region is a set of calls that all end alike on each side: those made through
// Where to one of Hosts, with a service, method and headers as described.
type Region struct {
	Where   []string // "Gateway NS/NAME port 443"
	Hosts   []string // "api.example.com", "*.example.com", "any host"
	Service string
	Method  string
	Headers []string
	// Witness is one of the calls. [routing.Table.Lookup] gives it Old and New.
	Witness  routing.Request
	Old, New *Effect // New is nil in a partition of one table
	// Owner is the entry that takes the calls of a partition, nil for none.
	Owner *routing.Entry

	id string // equal where everything but Where and Hosts is
}

// Difference is what two tables do differently. Without Regions and Unknown it is
// a proof that they do the same for every call of the domain.
type Difference struct {
	Regions []*Region
	Unknown []string // what could not be decided, and why
	Notes   []string // what the comparison does not look at
}

// differing is the proof of [Diff].
type differing struct {
	x        *engine
	old, new *routing.Table
	out      *Difference
	pairs    map[pairKey]*pairResult
	byKey    map[string]*Region
}

// pairKey names what one view asks on both sides.
type pairKey struct {
	old, new         *routing.Host
	oldMiss, newMiss int
}

type pairResult struct {
	sections []*section
	unknown  []string
}

// Diff finds every call that two tables treat differently. Tables of different
// profiles may be compared. A context that ends leaves the rest unknown.
func Diff(ctx context.Context, old, new *routing.Table, o Options) *Difference {
	budget := o.Budget.filled()
	ctx, cancel := context.WithTimeout(ctx, budget.Time)
	defer cancel()
	d := &differing{
		x: newEngine(ctx, budget), old: old, new: new, out: &Difference{},
		pairs: map[pairKey]*pairResult{}, byKey: map[string]*Region{},
	}
	var all []view
	for _, e := range entrances(old, new) {
		all = append(all, d.entrance(e)...)
	}
	for i := range all {
		err := d.x.clock.now()
		if err == nil {
			err = d.view(all[i].entrance, &all[i])
		}
		if err != nil {
			d.unknown(fmt.Sprintf("%s and what comes after it: %v", all[i].entrance, err))
			break
		}
		if o.Progress != nil {
			o.Progress(i+1, len(all))
		}
	}
	d.out.Regions = together(d.out.Regions)
	return d.out
}

// together joins regions that differ only in where their calls are made.
func together(regions []*Region) []*Region {
	var out []*Region
	byHosts := map[string]*Region{}
	for _, r := range regions {
		key := r.id + "\x02" + strings.Join(r.Hosts, "\x01")
		if old, ok := byHosts[key]; ok {
			old.Where = append(old.Where, r.Where...)
			continue
		}
		byHosts[key] = r
		out = append(out, r)
	}
	return out
}

// String names the entrance: "Gateway infra/edge port 443".
func (e entrance) String() string {
	text := "Gateway " + e.gateway
	if e.service != "" {
		text = "Service " + e.service
	}
	if e.port != 0 {
		text += fmt.Sprintf(" port %d", e.port)
	}
	return text
}

func (d *differing) unknown(why string) {
	if !slices.Contains(d.out.Unknown, why) {
		d.out.Unknown = append(d.out.Unknown, why)
	}
}

// entrance lists what is to be compared at an entrance.
func (d *differing) entrance(e entrance) []view {
	a, b := e.server(d.old), e.server(d.new)
	if a != nil && b != nil && a.TLS != b.TLS && e.service == "" {
		d.out.Notes = append(d.out.Notes, fmt.Sprintf("%s takes TLS on one side only: its clients have to change", e))
	}
	return e.requests(a, b)
}

// view compares what the calls to one set of hosts get.
func (d *differing) view(e entrance, v *view) error {
	a, b := d.old.Lookup(&v.request), d.new.Lookup(&v.request)
	key := pairKey{a.Host, b.Host, d.miss(&a), d.miss(&b)}
	r, ok := d.pairs[key]
	if !ok {
		r = &pairResult{}
		d.pairs[key] = r
		if err := d.pair(key, &a, &b, r); err != nil {
			return fmt.Errorf("calls to %s: %w", hostText(v), err)
		}
	}
	for _, why := range r.unknown {
		d.unknown(fmt.Sprintf("%s, calls to %s: %s", e, hostText(v), why))
	}
	for _, s := range r.sections {
		d.add(e, v, key, s)
	}
	return nil
}

func hostText(v *view) string {
	if v.request.From != "" {
		return "callers in namespace " + v.request.From
	}
	return v.atom.text
}

// miss is the number of the effect on calls that no rule takes.
func (d *differing) miss(res *routing.Result) int {
	a := res.Answer
	if res.Host != nil {
		a = &res.Server.Profile.Answers.NoMatch
	}
	return d.x.number(answerEffect(a))
}

// pair compares two hosts.
func (d *differing) pair(key pairKey, a, b *routing.Result, r *pairResult) error {
	old, new := d.x.units(key.old), d.x.units(key.new)
	if why := blocked(a, b); why != "" {
		r.unknown = append(r.unknown, why)
		return nil
	}
	if sameUnits(old, new) && key.oldMiss == key.newMiss {
		return nil
	}
	div := d.divider(key, func(why string) {
		if !slices.Contains(r.unknown, why) {
			r.unknown = append(r.unknown, why)
		}
	})
	var err error
	r.sections, err = div.divide(old, new)
	if limit := (*limitError)(nil); errors.As(err, &limit) {
		r.unknown = append(r.unknown, err.Error())
		err = nil
	}
	return err
}

// divider tells sections apart by what happens to their calls.
func (d *differing) divider(key pairKey, unknown func(string)) *divider {
	misses := []int{key.oldMiss, key.newMiss}
	div := &divider{x: d.x, equal: true, misses: misses, unknown: unknown}
	div.key = func(owners []*unit) string {
		var effects [2]int
		for i, u := range owners {
			effects[i] = misses[i]
			if u == nil {
				continue
			}
			if u.unread != "" {
				unknown(fmt.Sprintf("rule %d of %s: %s", u.entry.Rule.Index, u.entry.Route.Key(), u.unread))
				return ""
			}
			effects[i] = u.effect
		}
		if effects[0] == effects[1] {
			return ""
		}
		return fmt.Sprintf("%d %d", effects[0], effects[1])
	}
	return div
}

func blocked(rs ...*routing.Result) string {
	for _, r := range rs {
		if r.Server != nil && r.Server.Blocked() != "" {
			return r.Server.Blocked()
		}
	}
	return ""
}

// add notes a section of one view, together with equal ones of other hosts.
func (d *differing) add(e entrance, v *view, key pairKey, s *section) {
	effects := make([]*Effect, 2)
	for i, miss := range []int{key.oldMiss, key.newMiss} {
		effects[i] = d.x.list[miss]
		if u := s.owners[i]; u != nil {
			effects[i] = actionEffect(u.entry)
		}
	}
	id := strings.Join([]string{s.serviceKey(), s.method, strings.Join(s.headers, "\x00"), effects[0].key, effects[1].key}, "\x01")
	here := e.String() + "\x01" + id
	r, ok := d.byKey[here]
	if !ok {
		r = s.region(v)
		r.Old, r.New, r.id = effects[0], effects[1], id
		d.byKey[here] = r
		d.out.Regions = append(d.out.Regions, r)
	}
	r.add(e, v)
}

func (s *section) serviceKey() string { return s.service.describe(s.services, wording{}) }

// region describes a section.
func (s *section) region(v *view) *Region {
	short := wording{most: maxNamed}
	return &Region{
		Service: s.service.describe(s.services, short),
		Method:  s.methodDim.describe(s.methods, short),
		Headers: s.frame.describe(s.piece, short),
		Witness: s.request(v.request),
	}
}

// add adds where a region is also found.
func (r *Region) add(e entrance, v *view) {
	if where := e.String(); !slices.Contains(r.Where, where) {
		r.Where = append(r.Where, where)
	}
	host := hostText(v)
	if !slices.Contains(r.Hosts, host) {
		r.Hosts = append(r.Hosts, host)
	}
}

// Certain reports how certain both decisions on a region's witness are, and what
// they depend on.
func (r *Region) Certain(old, new *routing.Table) (diag.Certainty, []string) {
	a := old.Explain(&r.Witness)
	if new == nil {
		return a.Certainty, a.Unknowns
	}
	b := new.Explain(&r.Witness)
	return diag.Weakest(a.Certainty, b.Certainty), append(slices.Clone(a.Unknowns), b.Unknowns...)
}
