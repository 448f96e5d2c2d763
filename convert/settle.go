package convert

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// work is a conversion on its way.
type work struct {
	ctx    context.Context
	o      Options
	set    *manifest.Set
	read   manifest.Options
	before []*routing.Table // per profile
	byDoc  map[*manifest.Document]*Route
	index  map[*manifest.Document]int
	// ignored counts the objects of other kinds in the files whose text is kept.
	ignored map[string]int
}

func (w *work) compile(set *manifest.Set) []*routing.Table {
	var out []*routing.Table
	for _, p := range w.o.Profiles {
		out = append(out, routing.Compile(topology.Resolve(set, topology.Options{
			Profile: p, Auto: w.o.Auto, Assume: w.o.Assume, TunnelProtocol: w.o.TunnelProtocol,
		})))
	}
	return out
}

// trial is the outcome of converting some routes together.
type trial struct {
	edition *edition
	routes  []*Route
	grants  []*Grant
	after   []*routing.Table
	changes []Change
	unknown []string
}

// try converts routes together and compares. A route that cannot be edited gets
// the reason and is left out.
func (w *work) try(routes []*Route) (*trial, error) {
	for {
		t := &trial{routes: routes, grants: w.grants(routes)}
		plans := make([]*plan, 0, len(routes)+len(t.grants))
		for _, r := range routes {
			plans = append(plans, r.plan)
		}
		plans = append(plans, grantPlans(t.grants)...)
		var err error
		t.edition, err = w.carry(plans)
		if bad := (*failure)(nil); errors.As(err, &bad) {
			r := w.byDoc[bad.plan.doc]
			if r == nil {
				return nil, fmt.Errorf("%s cannot be edited: %w", bad.plan.doc.Ref, bad.why)
			}
			r.Why = bad.why.Error()
			routes = slices.DeleteFunc(slices.Clone(routes), func(o *Route) bool { return o == r })
			continue
		}
		if err != nil {
			return nil, err
		}
		t.after = w.compile(t.edition.set)
		w.compare(t)
		return t, nil
	}
}

// compare finds the calls that a trial treats in another way.
func (w *work) compare(t *trial) {
	for i, p := range w.o.Profiles {
		d := prove.Diff(w.ctx, w.before[i], t.after[i], prove.Options{Budget: w.o.Budget})
		for _, r := range d.Regions {
			t.changes = append(t.changes, Change{p, r})
		}
		for _, why := range d.Unknown {
			if !slices.Contains(t.unknown, why) {
				t.unknown = append(t.unknown, why)
			}
		}
	}
}

// settle finds the routes that can be converted together. Those that calls change
// for are left out, until none do: a route that stays may hold back others that
// share its host.
func (w *work) settle(out *Result) {
	var pending []*Route
	for _, r := range out.Routes {
		if r.Why == "" && (w.o.Lossy || len(r.Losses) == 0) {
			pending = append(pending, r)
		}
	}
	pending = slices.DeleteFunc(pending, func(r *Route) bool {
		if !w.o.Lossy && !w.compared(r) {
			r.Why = "no listener of the input takes it, so that there is nothing to compare"
		}
		return r.Why != ""
	})
	w.judge(out.Routes)
	for len(pending) > 0 && w.ctx.Err() == nil {
		t, err := w.try(pending)
		if err != nil {
			refuse(pending, err.Error())
			return
		}
		pending = t.routes
		if len(pending) == 0 {
			return
		}
		bad := w.culprits(t)
		if w.o.Lossy || len(bad) == 0 {
			w.accept(out, t)
			return
		}
		w.note(t, bad)
		pending = slices.DeleteFunc(slices.Clone(pending), func(r *Route) bool { return bad[r] })
	}
}

func refuse(routes []*Route, why string) {
	for _, r := range routes {
		r.Why = why
	}
}

// judge says of routes that lose something which calls would change.
func (w *work) judge(routes []*Route) {
	if w.o.Lossy {
		return
	}
	var all []*Route
	lossy := map[*Route]bool{}
	for _, r := range routes {
		if r.Why == "" {
			all = append(all, r)
			lossy[r] = len(r.Losses) > 0
		}
	}
	if !slices.ContainsFunc(all, func(r *Route) bool { return lossy[r] }) {
		return
	}
	if t, err := w.try(all); err == nil {
		w.note(t, lossy)
	}
}

// note keeps with some routes what a trial changes for their calls.
func (w *work) note(t *trial, routes map[*Route]bool) {
	for _, c := range t.changes {
		for _, r := range w.owners(t, c) {
			if routes[r] {
				r.Changes = append(r.Changes, c)
			}
		}
	}
	for r := range routes {
		if routes[r] && len(r.Changes) == 0 && len(r.Losses) == 0 {
			r.Unknown = t.unknown
		}
	}
}

// culprits are the routes of a trial that must not be converted so.
func (w *work) culprits(t *trial) map[*Route]bool {
	bad := map[*Route]bool{}
	for _, r := range t.routes {
		if why := w.displaced(t, r); why != "" {
			r.Why, r.Blocked, bad[r] = why, true, true
		}
	}
	if w.displaces(t, bad); len(bad) > 0 {
		return bad
	}
	for _, c := range t.changes {
		found := false
		for _, r := range w.owners(t, c) {
			bad[r], found = true, true
		}
		if !found { // a call of a route that stays: which of the others displaces it is not known
			for _, r := range t.routes {
				bad[r] = true
				r.Changes = append(r.Changes, c)
			}
		}
	}
	if len(bad) == 0 && len(t.unknown) > 0 {
		for _, r := range t.routes {
			bad[r] = true
		}
	}
	return bad
}

// owners are the routes of a trial that take the calls of a change before or after.
func (w *work) owners(t *trial, c Change) []*Route {
	var out []*Route
	for _, e := range []*prove.Effect{c.Region.Old, c.Region.New} {
		if e == nil || e.Entry == nil {
			continue
		}
		for _, r := range t.routes {
			doc := e.Entry.Route.Doc
			if (doc == r.Doc || doc == w.same(t.edition.set, r.Doc)) && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// accept makes a trial the result.
func (w *work) accept(out *Result, t *trial) {
	out.After = t.edition.set
	for _, r := range t.routes {
		r.New = w.same(t.edition.set, r.Doc)
		r.Changes, r.Unknown = nil, nil
		if r.Blocked { // converted all the same
			r.Unknown = []string{r.Why}
		}
		r.Why, r.Blocked = "", false
		w.spoken(t, r)
	}
	for _, c := range t.changes {
		for _, r := range w.owners(t, c) {
			r.Changes = append(r.Changes, c)
		}
	}
	for _, g := range t.grants {
		g.New = w.same(t.edition.set, g.Doc)
		out.Grants = append(out.Grants, g)
	}
	if len(t.routes) > 0 && len(t.unknown) > 0 {
		t.routes[0].Unknown = append(t.routes[0].Unknown, t.unknown...)
	}
	for _, f := range w.set.Files {
		if text, ok := t.edition.text[f.Name]; ok && string(text) != string(f.Data) {
			out.Files = append(out.Files, Changed{f.Name, f.Data, text})
		}
	}
	out.References = w.references(t)
}
