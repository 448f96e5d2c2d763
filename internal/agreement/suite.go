package agreement

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// together is how many random tables stand in one configuration that is checked.
const together = 10

// ValidateAll checks what is written for every manifest set of the repository and
// for n random tables.
func (p *Target) ValidateAll(t *testing.T, top string, n int) {
	p.Need(t)
	sets := ManifestSets(t, top)
	checked, doors, seen := 0, 0, map[string]bool{}
	for i, name := range slices.Sorted(maps.Keys(sets)) {
		if testing.Short() && i%20 != 0 {
			continue
		}
		doors += p.check(t, name, Tables(sets[name]), seen)
		checked++
	}
	for seed := 0; seed < n; seed += together {
		var ts []*routing.Table
		for i := seed; i < min(seed+together, n); i++ {
			ts = append(ts, Random(t, i, fmt.Sprintf("d%dx", i), i%3 == 2))
		}
		doors += p.check(t, fmt.Sprintf("seeds from %d", seed), ts, seen)
	}
	t.Logf("%d manifest sets, %d random tables, %d ports, %d configurations", checked, n, doors, len(seen))
	if doors < n {
		t.Errorf("%d ports in %d sets", doors, checked+n)
	}
}

// check validates what is written for tables, unless seen says that it was, and
// returns how many ports it has.
func (p *Target) check(t *testing.T, name string, ts []*routing.Table, seen map[string]bool) int {
	o := Opened(t, ts)
	a := &Agreement{t: t, backends: []string{"127.0.0.1:9"}}
	a.place(ts, &o)
	text, _, files, err := p.Translate(ts, o)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return 0
	}
	work, err := plan.Make(ts, o)
	if err != nil || len(work.Doors) == 0 {
		return 0 // not every proxy starts with nothing to do
	}
	replaced := []string{o.CertificateDir, "certificates", o.SystemCA, "system"}
	for _, d := range work.Doors {
		replaced = append(replaced, d.Address, d.Name)
	}
	same := strings.NewReplacer(replaced...).Replace(string(text))
	if seen[same] && len(files) == 0 {
		return len(work.Doors)
	}
	seen[same] = true
	if err := p.Validate(t, text, files); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return len(work.Doors)
}

// CallRandom makes each calls to each of n random tables, which one proxy serves,
// and compares shares with weights; secure makes them with TLS.
func (p *Target) CallRandom(t *testing.T, n, each int, secure bool) {
	p.Need(t)
	var ts []*routing.Table
	for seed := range n {
		ts = append(ts, Random(t, seed, fmt.Sprintf("d%dx", seed), secure))
	}
	p.compare(t, 8).CallEach(ts, each, secure)
}

// CallEach makes each random calls to each of some tables, which are served together,
// and compares shares with weights; secure makes them with TLS.
func (a *Agreement) CallEach(ts []*routing.Table, each int, secure bool) {
	g := a.Open(ts)
	defer g.Close()
	for i, table := range ts {
		source := random.New(uint64(i) + 1000)
		gateway := table.Topology.Gateways[0].Key()
		for range each {
			q := source.Call()
			q.Gateway = gateway
			if secure {
				q.SNI = names[source.IntN(len(names))]
			}
			g.Call(table, &q)
		}
	}
	g.Weigh()
	if a.Calls < len(ts)*each/4 || a.Routed < a.Calls/20 {
		a.t.Errorf("%d calls were made, %d of them were routed", a.Calls, a.Routed)
	}
}

// names are what clients ask for whose calls are random.
var names = []string{"a.ex.com", "a.ex.com", "b.ex.com", "x.a.ex.com", "y.x.a.ex.com", "other.org"}

// CallTestdata calls into each region of calls that the exact engine finds in the
// manifest sets of the repository, or in one of some sets.
func (p *Target) CallTestdata(t *testing.T, top string, of int) {
	p.Need(t)
	p.compare(t, 24).CallRegions(top, of)
}

// CallRegions is [Target.CallTestdata] for data planes that are no target.
func (a *Agreement) CallRegions(top string, of int) {
	sets := ManifestSets(a.t, top)
	for i, name := range slices.Sorted(maps.Keys(sets)) {
		if i%of != 0 {
			continue
		}
		ts := Tables(sets[name])
		g := a.Open(ts)
		if g == nil {
			continue
		}
		for _, table := range ts {
			regions := 0
			for _, group := range prove.Partitions(context.Background(), table, nil, prove.Options{Budget: prove.DefaultBudget}).Groups {
				for i := range group.Regions {
					if r := &group.Regions[i].Witness; regions < 60 && a.sendable(r) {
						regions++
						g.Call(table, r)
					}
				}
			}
		}
		g.Close()
	}
	a.t.Logf("%d calls, %d routed", a.Calls, a.Routed)
	if a.Calls < 50 || a.Routed < a.Calls/10 {
		a.t.Errorf("%d calls were made, %d of them were routed", a.Calls, a.Routed)
	}
}
