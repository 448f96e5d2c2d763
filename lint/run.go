package lint

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/admission"
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
	return RunAdmitted(set, nil, rules, o)
}

// RunAdmitted is [Run] for a set about whose documents the API server of the
// options was asked while they were read. Without a verdict it is asked now.
func RunAdmitted(set *manifest.Set, verdict *Admission, rules []*Rule, o Options) (*Result, error) {
	selected, err := choose(rules, &o)
	if err != nil {
		return nil, err
	}
	if verdict == nil {
		if verdict, err = admit(set, &o); err != nil {
			return nil, err
		}
	}
	o.GatewayAPI, o.Channel = verdict.Version, verdict.Channel
	profiles := []*profile.Profile{o.Profile}
	if o.Profile == nil {
		profiles = topology.Profiles(set)
	}
	base := Pass{Set: set, Admission: verdict, Options: &o}
	all := outcome{found: problems(set, rules, selected)}
	perSet := func(r *Rule) bool { return r.PerSet }
	all.run(base, selected, perSet)
	for _, p := range profiles {
		pass := base
		pass.Profile = p
		pass.Topology = topology.Resolve(set, topology.Options{
			Profile: p, Auto: o.Profile == nil, Assume: o.Assume, TunnelProtocol: o.TunnelProtocol,
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
		all.run(pass, selected, func(r *Rule) bool { return !r.PerSet && r.concerns(p) })
	}
	r := &Result{Profiles: profiles, Objects: len(set.Documents), Suggestions: map[*diag.Fix]*Suggestion{}}
	r.Ran = map[string]bool{}
	for _, rule := range selected {
		r.Ran[rule.ID] = slices.ContainsFunc(profiles, rule.concerns)
	}
	r.Diagnostics = o.grade(settle(all.settled(), rules, profiles, r.Suggestions))
	r.suppress(set, rules, &o)
	r.leaveOut(set)
	origins(set, r.Diagnostics)
	return r, nil
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

// identity is what makes two findings equal.
type identity struct {
	rule, field, message string
	severity             diag.Severity
	doc                  *manifest.Document
	at                   diag.Range
}

// settle drops general findings that a special one explains, merges equal ones,
// looks up positions and sorts.
func settle(all []finding, rules []*Rule, profiles []*profile.Profile, suggestions map[*diag.Fix]*Suggestion) diag.List {
	all = dropExplained(all, rules)
	byID := make(map[identity]int, len(all))
	kept := all[:0]
	for _, f := range all {
		if f.Field == "" && f.path != nil {
			f.Field = f.path.String()
		}
		id := identity{f.Rule, f.Field, f.Message, f.Severity, f.doc, f.Range}
		if i, ok := byID[id]; ok {
			kept[i].Profile = joinProfile(kept[i].Profile, f.Profile)
			kept[i].suggestion = cmp.Or(kept[i].suggestion, f.suggestion)
			continue
		}
		byID[id] = len(kept)
		kept = append(kept, f)
	}
	// Positions of one file are looked up by one goroutine.
	files := map[*manifest.File][]int{}
	var order []*manifest.File
	for i := range kept {
		if kept[i].doc == nil {
			continue
		}
		file := kept[i].doc.File
		if files[file] == nil {
			order = append(order, file)
		}
		files[file] = append(files[file], i)
	}
	each(len(order), 1, func(n int) {
		for _, i := range files[order[n]] {
			kept[i].complete()
		}
	})
	suggest(kept, rules, suggestions)
	var names []string
	for _, p := range profiles {
		names = append(names, p.Name)
	}
	out := make(diag.List, len(kept))
	for i := range kept {
		out[i] = kept[i].Diagnostic
		if out[i].Profile == "" {
			out[i].Profile = strings.Join(names, ",")
		}
	}
	out.Sort()
	return out
}

// suggest finds the edits of the findings that have a suggestion.
func suggest(kept []finding, rules []*Rule, into map[*diag.Fix]*Suggestion) {
	for i := range kept {
		f := &kept[i]
		if f.suggestion == nil {
			continue
		}
		j := slices.IndexFunc(rules, func(r *Rule) bool { return r.ID == f.Rule })
		f.Fix = fixOf(f.suggestion, rules[j])
		into[f.Fix] = f.suggestion
	}
}

// joinProfile adds a name to a comma-separated list unless it is there.
func joinProfile(list, name string) string {
	if slices.Contains(strings.Split(list, ","), name) {
		return list
	}
	return list + "," + name
}

// dropExplained removes findings of general rules whose every admission failure
// is explained by a finding of another rule.
func dropExplained(all []finding, rules []*Rule) []finding {
	general := map[string]bool{}
	for _, r := range rules {
		general[r.ID] = r.General
	}
	explained := map[*admission.Failure]bool{}
	for i := range all {
		if general[all[i].Rule] {
			continue
		}
		for _, f := range all[i].explains {
			explained[f] = true
		}
	}
	if len(explained) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(f finding) bool {
		if !general[f.Rule] || len(f.explains) == 0 {
			return false
		}
		return !slices.ContainsFunc(f.explains, func(x *admission.Failure) bool { return !explained[x] })
	})
}
