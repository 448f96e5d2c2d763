package lint

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// Run checks a set with the given rules. With several profiles (auto) each is
// checked in turn and equal findings are merged. The error is about the options:
// a rule, a version or a channel that does not exist.
func Run(set *manifest.Set, rules []*Rule, o Options) (*Result, error) {
	reading, err := NewReading(o.GatewayAPI, o.Channel)
	if err != nil {
		_, chosen := choose(rules, &o)
		return nil, cmp.Or(chosen, err)
	}
	each(len(set.Documents), 64, func(i int) { reading.Admission.Check(set.Documents[i], false) })
	return RunRead(set, reading, rules, o)
}

// RunRead is [Run] for a set that was watched while it was read. The routes of a
// large one are looked at in groups, of which each is read again and let go:
// memory is bounded by what is no route, and by the largest group. The error may
// then be a *ReadError, about a file that has changed in the meantime.
func RunRead(set *manifest.Set, reading *Reading, rules []*Rule, o Options) (*Result, error) {
	selected, err := choose(rules, &o)
	if err != nil {
		return nil, err
	}
	verdict := reading.Admission
	o.GatewayAPI, o.Channel = verdict.Version, verdict.Channel
	w := &work{set: set, rules: rules, selected: selected, profiles: []*profile.Profile{o.Profile}, options: &o}
	if o.Profile == nil {
		w.profiles = topology.Profiles(set)
	}
	r := &Result{Profiles: w.profiles, Objects: set.Count(), Suggestions: map[*diag.Fix]*Suggestion{}}
	r.Ran = map[string]bool{}
	for _, rule := range selected {
		r.Ran[rule.ID] = slices.ContainsFunc(w.profiles, rule.concerns)
	}
	all := outcome{found: problems(set, rules, selected)}
	said := suppressions(set)
	if w.grouped = set.Count() > len(set.Documents); !w.grouped {
		found := w.look(set, verdict)
		all.join(&found)
	} else if r.Groups, said, err = w.lookInGroups(&all, reading, said); err != nil {
		return nil, err
	}
	r.Diagnostics = o.grade(w.settle(all.settled(), r.Suggestions))
	if !w.grouped {
		origins(set, pointers(r.Diagnostics))
	}
	r.suppress(set, said, rules, &o)
	r.leaveOut(set)
	return r, nil
}

// work is one run.
type work struct {
	set             *manifest.Set
	rules, selected []*Rule
	profiles        []*profile.Profile
	options         *Options
	grouped         bool // routes are looked at in groups
}

// look runs the selected rules on a set, or on a group of its routes.
func (w *work) look(set *manifest.Set, verdict *Admission) outcome {
	base := Pass{Set: set, Admission: verdict, Options: w.options}
	var all outcome
	all.run(base, w.selected, func(r *Rule) bool { return r.PerSet })
	for _, p := range w.profiles {
		pass := base
		pass.Profile = p
		pass.Topology = topology.Resolve(set, topology.Options{
			Profile: p, Auto: w.options.Profile == nil, Assume: w.options.Assume, TunnelProtocol: w.options.TunnelProtocol,
		})
		pass.Table = routing.Compile(pass.Topology)
		pass.Views = prove.ViewsOf(pass.Table)
		pass.Verdicts = sync.OnceValue(func() []*prove.Verdict {
			o := pass.Proof()
			o.NoWitness = true // rules show none of what is reachable
			return prove.Reach(context.Background(), pass.Table, o)
		})
		pass.RuleVerdicts = sync.OnceValue(func() [][]*prove.Verdict { return byRule(pass.Verdicts()) })
		pass.Conversions = sync.OnceValue(pass.convert)
		all.run(pass, w.selected, func(r *Rule) bool { return !r.PerSet && r.concerns(p) })
	}
	return all
}

// concerns reports whether the rule speaks of an implementation.
func (r *Rule) concerns(p *profile.Profile) bool {
	return r.Profiles == nil || slices.Contains(r.Profiles, p.Name)
}

// problems returns what was found while reading, for the rules selected. A
// problem whose rule is not in the catalogue at all is kept: it was found.
func problems(set *manifest.Set, rules, selected []*Rule) []finding {
	var out []finding
	for _, d := range set.Problems {
		known := func(r *Rule) bool { return r.ID == d.Rule }
		if slices.ContainsFunc(rules, known) && !slices.ContainsFunc(selected, known) {
			continue
		}
		if d.Source == "" {
			d.Source = diag.Strict
		}
		out = append(out, finding{Diagnostic: d})
	}
	return out
}

// run runs the rules that pass a test, several at a time, and adds their findings
// in the order of the rules.
func (o *outcome) run(base Pass, rules []*Rule, test func(*Rule) bool) {
	passes := make([]Pass, len(rules))
	each(len(rules), 1, func(i int) {
		if rules[i].Check == nil || !test(rules[i]) {
			return
		}
		passes[i] = base
		passes[i].Rule = rules[i]
		rules[i].Check(&passes[i])
	})
	for i := range passes {
		o.add(&passes[i])
	}
}

// each calls f for 0..n-1 on all processors, a chunk of neighbours at a time.
func each(n, chunk int, f func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+chunk-1)/chunk) {
		wg.Go(func() {
			for {
				end := int(next.Add(int64(chunk)))
				start := end - chunk
				if start >= n {
					return
				}
				for i := start; i < min(end, n); i++ {
					f(i)
				}
			}
		})
	}
	wg.Wait()
}
