// Package verify reads what an Envoy was told and proves that it routes every gRPC
// call as the manifests say, or finds the calls that it does not, each set of them
// with a witness. What it cannot interpret is unknown, with its name, and nothing is
// guessed.
//
// Both sides become ordered lists of boxes: a set of paths and of headers, and what
// happens to the calls in it. The exact engine of package prove compares them; each
// witness is then asked of [routing.Table.Lookup] and of a plain reading of Envoy's
// rules, so that no verdict rests on one reading alone.
package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Options say what an Envoy's names stand for, where that does not follow from them.
type Options struct {
	Budget prove.Budget
	// Gateway is the one Gateway that is compared, "NS/NAME"; "" for all.
	Gateway string
	// Listeners says, by the name of an Envoy listener or route configuration, which
	// "NS/NAME:PORT" of a Gateway it is for.
	Listeners map[string]string
	// Clusters says, by name, which backends clusters stand for.
	Clusters map[string]prove.Target
	// Neutral are the names of HTTP filters that neither answer calls nor change where
	// they go.
	Neutral []string
	// Progress, when set, is called now and then with the views done and to do.
	Progress func(done, total int)
}

// Report is what a comparison found. Without Regions and Unknown it is a proof that
// Envoy routes every call of the domain as the manifests say.
type Report struct {
	Regions  []*prove.Region
	Unknown  []string // what could not be decided, and why
	Settings []string // what Envoy does with calls beside routing that no manifest asks for
	Notes    []string // what was not compared
	Compared []string // "Gateway infra/edge port 443 with listener edge"
}

// Domain says, for people, for which calls a proof holds.
const Domain = "services and methods of printable ASCII without / ? # %, header values of printable ASCII, hosts with and without a port"

// comparing is the work of [Compare].
type comparing struct {
	*resolver
	o       Options
	c       *prove.Comparison
	out     *Report
	each    bool // of headers that come several times Envoy asks each value
	said    bool // the configuration says so
	lists   map[listKey]*boxed
	ended   map[string]*consulted
	wants   map[wantKey]*boxed
	actions map[*routing.Action]wantedEffect
	asked   map[*route]*asked
	results map[routePlace]*outcome
	pairs   map[pairKey]*pairResult
	byKey   map[string]*prove.Region
	doubts  map[string]*doubted
	order   []*doubted
}

type listKey struct {
	chain *chain
	table *routeTable
	host  *virtualHost
	view  string // where hosts of one virtual host are told apart
}

type wantKey struct {
	host *routing.Host
	miss string
}

type wantedEffect struct {
	effect  *prove.Effect
	unknown string
}

type pairKey struct{ old, new *boxed }

type pairResult struct {
	regions []*prove.Region
	open    []prove.Open
}

// individually is the flag of Envoy's runtime that decides how it reads headers that
// are sent several times: any one value may satisfy a condition, or all of them,
// joined, have to.
const individually = "envoy.reloadable_features.match_headers_individually"

// newComparing prepares for comparing.
func newComparing(config *Config, tables []*routing.Table, o Options) *comparing {
	var topologies []*topology.Topology
	for _, t := range tables {
		topologies = append(topologies, t.Topology)
	}
	for _, l := range config.listeners {
		for _, c := range l.all() {
			c.neutral = o.Neutral
		}
	}
	_, said := config.runtime[individually]
	return &comparing{
		said:     said,
		resolver: newResolver(config, topologies, o.Clusters), o: o, out: &Report{},
		each:  config.runtime[individually],
		lists: map[listKey]*boxed{}, ended: map[string]*consulted{}, wants: map[wantKey]*boxed{},
		actions: map[*routing.Action]wantedEffect{}, asked: map[*route]*asked{}, results: map[routePlace]*outcome{},
		pairs: map[pairKey]*pairResult{}, byKey: map[string]*prove.Region{}, doubts: map[string]*doubted{},
	}
}

// Compare compares a configuration with tables, one per implementation.
func Compare(ctx context.Context, tables []*routing.Table, config *Config, o Options) *Report {
	x := newComparing(config, tables, o)
	x.c = prove.NewComparison(ctx, prove.Options{Budget: o.Budget})
	defer x.c.Close()
	for _, p := range config.problems {
		x.unknown("it cannot be read: " + p)
	}
	doors := x.match(tables)
	for i, d := range doors {
		if err := x.door(d); err != nil {
			x.unknown(fmt.Sprintf("%s and what comes after it: %v", d, err))
			break
		}
		if o.Progress != nil {
			o.Progress(i+1, len(doors))
		}
	}
	for _, q := range x.order {
		x.unknown(q.String())
	}
	x.settings()
	return x.out
}

func (x *comparing) unknown(why string) {
	if !slices.Contains(x.out.Unknown, why) {
		x.out.Unknown = append(x.out.Unknown, why)
	}
}

func (x *comparing) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(x.out.Notes, text) {
		x.out.Notes = append(x.out.Notes, text)
	}
}

// asks is what a route asks, read once.
func (x *comparing) asks(r *route) *asked {
	a := x.asked[r]
	if a == nil {
		a = r.asks(x.each)
		x.asked[r] = a
		if len(a.headers) > 0 && !x.said {
			x.note("headers that are sent several times are left out: how Envoy reads them depends on its version")
		}
		for i := range a.headers {
			if name := a.headers[i].Name; slices.Contains(envoyHeaders, name) {
				x.note("Envoy itself writes the header %s before it looks for a route: calls that send it may be routed otherwise than they say", name)
			}
		}
	}
	return a
}

// outcome is what a route does, worked out once.
func (x *comparing) outcome(p routePlace) *outcome {
	o := x.results[p]
	if o == nil {
		o = x.resolver.outcome(p)
		x.results[p] = o
	}
	return o
}

// door compares what the calls through one port get.
func (x *comparing) door(d *door) error {
	x.out.Compared = append(x.out.Compared, fmt.Sprintf("%s with %s", d, d.listener.name))
	views, cut := d.views()
	if cut {
		x.unknown(fmt.Sprintf("%s: calls whose SNI is another than their host: there are too many names", d))
	}
	for _, why := range d.doubts(x.o.Neutral) {
		x.unknown(fmt.Sprintf("%s: %s", d, why))
	}
	var plain *consulted // of the view without a port
	for i := range views {
		v := &views[i]
		got := x.consult(d.listener, v)
		if v.port == "" {
			plain = got
		} else if got.list == plain.list {
			continue // the port does not matter
		}
		if err := x.view(d, v, got); err != nil {
			return err
		}
	}
	return nil
}

// view compares what the calls of a view get.
func (x *comparing) view(d *door, v *view, got *consulted) error {
	res := d.table.Lookup(&v.request)
	switch {
	case res.Server == nil:
		x.note("%s: the manifests do not show which listeners it has: calls that several may take are left out", d)
		return nil
	case res.Server.Blocked() != "":
		x.unknown(fmt.Sprintf("%s: %s", d, res.Server.Blocked()))
		return nil
	}
	if got.chain != nil && got.chain.manager.GetNormalizePath().GetValue() {
		x.note("Envoy normalises paths: calls with a segment . or .., or with a backslash, are left out")
	}
	key := pairKey{x.wanted(&res), got.list}
	r := x.pairs[key]
	if r == nil {
		r = &pairResult{}
		typed := key.old.typed || key.new.typed
		var err error
		if r.regions, r.open, err = x.c.Compare(key.old.within(typed), key.new.within(typed)); err != nil {
			return err
		}
		x.pairs[key] = r
	}
	x.add(d, v, got, r)
	return nil
}

// add notes what is found for one view, together with what others have.
func (x *comparing) add(d *door, v *view, got *consulted, r *pairResult) {
	for i := range r.open {
		o := &r.open[i]
		calls := ""
		if o.Region != nil {
			calls = o.Region.String()
		}
		x.doubt(d, v, calls, o.Why)
	}
	for _, found := range r.regions {
		key := d.String() + "\x01" + found.Same()
		if known := x.byKey[key]; known != nil {
			if !slices.Contains(known.Hosts, v.text()) {
				known.Hosts = append(known.Hosts, v.text())
			}
			continue
		}
		n := *found
		n.Where, n.Hosts = []string{d.String()}, []string{v.text()}
		n.Witness = v.request
		n.Witness.Path, n.Witness.Headers = found.Witness.Path, found.Witness.Headers
		if why := x.replay(d, &n, got); why != "" {
			x.doubt(d, v, n.String(), why)
			continue
		}
		x.byKey[key] = &n
		x.out.Regions = append(x.out.Regions, &n)
	}
}

// replay asks both sides about a witness by themselves; it returns why the region
// does not hold, "" when it does.
func (x *comparing) replay(d *door, r *prove.Region, got *consulted) string {
	if got.chain != nil && got.chain.manager.GetNormalizePath().GetValue() && moved.MatchString(r.Witness.Path) {
		return "Envoy's normalisation changes the path " + r.Witness.Path
	}
	res := d.table.LookupOnce(&r.Witness)
	want := answered(res.Answer)
	if res.Entry != nil {
		want, _ = x.expected(res.Entry)
	}
	if want == nil || want.Key() != r.Old.Key() {
		return "the manifests' own look-up does not agree: please report this"
	}
	have, unknown := x.Decide(d.listener, &r.Witness)
	if unknown != "" || have.Key() != r.New.Key() {
		return "a plain reading of the configuration does not agree: please report this"
	}
	return ""
}
