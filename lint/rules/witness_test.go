package rules_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// tables are those of a case under one profile, as it is and with a knob flipped.
type tables struct {
	set *manifest.Set
	o   topology.Options
}

func (x tables) ask(w *diag.Witness, change func(*profile.Profile)) routing.Result {
	p := *x.o.Profile
	if change != nil {
		change(&p)
	}
	o := x.o
	// A changed profile is none that a Gateway chooses.
	o.Profile, o.Auto = &p, x.o.Auto && change == nil
	if change == nil {
		o.Profile = x.o.Profile
	}
	t := routing.Compile(topology.Resolve(x.set, o))
	r := &routing.Request{Gateway: w.Gateway, Port: w.Port, SNI: w.SNI, Authority: w.Authority, Path: w.Path}
	for name, value := range w.Headers {
		r.Headers = append(r.Headers, routing.Header{Name: name, Value: value})
	}
	return t.Lookup(r)
}

// ruleOf names the rule that takes a call, "" for none.
func ruleOf(r routing.Result) string {
	if r.Entry == nil {
		return ""
	}
	return r.Entry.Route.Key() + " " + string(rune('0'+r.Entry.Rule.Index))
}

// replayed are the rules whose findings claim something about a call: each has
// to carry one that shows it on tables made anew.
var replayed = map[string]func(t *testing.T, x tables, w *diag.Witness){
	"host-fallthrough-divergence": func(t *testing.T, x tables, w *diag.Witness) {
		on := x.ask(w, func(p *profile.Profile) { p.Hosts.NoFallthrough = false })
		off := x.ask(w, func(p *profile.Profile) { p.Hosts.NoFallthrough = true })
		if ruleOf(on) == "" || ruleOf(on) == ruleOf(off) {
			t.Errorf("the call reaches %q with and %q without fall-through", ruleOf(on), ruleOf(off))
		}
	},
	"listener-isolation-divergence": func(t *testing.T, x tables, w *diag.Witness) {
		on := x.ask(w, func(p *profile.Profile) { p.Hosts.Isolation = profile.PerListener })
		off := x.ask(w, func(p *profile.Profile) { p.Hosts.Isolation = profile.PerPort })
		if ruleOf(off) == "" || ruleOf(on) == ruleOf(off) {
			t.Errorf("the call reaches %q with and %q without isolation", ruleOf(on), ruleOf(off))
		}
	},
	"cross-kind-hostname-overlap": func(t *testing.T, x tables, w *diag.Witness) {
		if res := x.ask(w, func(p *profile.Profile) { p.Hosts.CrossKind = profile.Merge }); res.Server == nil {
			t.Error("no server takes the call")
		}
	},
	"header-duplicate-ignored": func(t *testing.T, x tables, w *diag.Witness) {
		first := x.ask(w, func(p *profile.Profile) { p.Matching.HeadersAllAnded = false })
		all := x.ask(w, func(p *profile.Profile) { p.Matching.HeadersAllAnded = true })
		if ruleOf(first) == ruleOf(all) {
			t.Errorf("the call reaches %q in both readings", ruleOf(all))
		}
	},
	"mirror-to-self": func(t *testing.T, x tables, w *diag.Witness) {
		res := x.ask(w, nil)
		if res.Entry == nil {
			t.Fatal("the call reaches no rule")
		}
		for _, f := range res.Entry.Rule.Filters {
			for _, b := range res.Entry.Rule.Backends {
				if f.Mirror != nil && f.Mirror.Name == b.Name && f.Mirror.Port == b.Port && b.Weight > 0 {
					return
				}
			}
		}
		t.Error("the rule mirrors to none of its backends")
	},
	"health-not-routed":          unrouted,
	"no-catch-all":               unrouted,
	"reflection-version-gap":     unrouted,
	"proto-unrouted-method":      unrouted,
	"mirror-streaming":           routed,
	"mirror-side-effect":         routed,
	"proto-streaming-weighted":   routed,
	"proto-split-service":        routed,
	"proto-backend-lacks-method": routed,
	"status-code-divergence": func(t *testing.T, x tables, w *diag.Witness) {
		res := x.ask(w, nil)
		if res.Entry == nil {
			t.Fatal("the call reaches no rule")
		}
		fails := res.Answer != nil
		for _, s := range res.Entry.Action.Shares {
			fails = fails || s.Answer != nil
		}
		if !fails {
			t.Error("no part of the calls fails")
		}
	},
}

// routed wants a call that a rule takes.
func routed(t *testing.T, x tables, w *diag.Witness) {
	if res := x.ask(w, nil); res.Entry == nil {
		t.Error("the call reaches no rule")
	}
}

// unrouted wants a call that no rule takes.
func unrouted(t *testing.T, x tables, w *diag.Witness) {
	if res := x.ask(w, nil); res.Entry != nil {
		t.Errorf("the call reaches %q", ruleOf(res))
	}
}

// optional are the rules of replayed that need no call for everything they say.
var optional = map[string]bool{"header-duplicate-ignored": true}

// TestWitnesses replays the call of every finding of the golden cases.
func TestWitnesses(t *testing.T) {
	seen := map[string]int{}
	golden.Run(t, cases, func(t *testing.T, c *golden.Case) {
		dir := c.Extract(t, func(name string) bool { return name != "want" })
		o, _ := options(t, optionLine(c.Comment()))
		readProtos(t, optionLine(c.Comment()), dir, &o)
		o.Advice = true
		set, err := manifest.Load([]string{dir}, manifest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		result, err := lint.Run(set, rules.All, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range result.Diagnostics {
			check := replayed[d.Rule]
			if d.Witness == nil {
				if check != nil && !optional[d.Rule] {
					t.Errorf("%s: %s claims without a call: %s", d.Range, d.Rule, d.Message)
				}
				continue
			}
			p := o.Profile
			for _, q := range profile.All {
				if p == nil && q.Name == d.Profile {
					p = q
				}
			}
			if p == nil {
				continue // several profiles found it
			}
			x := tables{set, topology.Options{Profile: p, Auto: o.Profile == nil, Assume: o.Assume, TunnelProtocol: o.TunnelProtocol}}
			if res := x.ask(d.Witness, nil); res.Server == nil {
				t.Errorf("%s: no server takes the call of %s", d.Range, d.Rule)
			}
			if check != nil {
				seen[d.Rule]++
				check(t, x, d.Witness)
			}
		}
	})
	for id := range replayed {
		if seen[id] == 0 {
			t.Errorf("no case shows a call of %s", id)
		}
	}
}

// optionLine returns the line of a case's comment that holds options.
func optionLine(comment string) string {
	for l := range strings.Lines(comment) {
		if strings.HasPrefix(l, "lint -") {
			return l
		}
	}
	return ""
}
