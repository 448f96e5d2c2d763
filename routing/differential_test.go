package routing_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/grpcroute/grpcroute/routing"
)

// requestsPerWorld is how many requests one random world answers.
const requestsPerWorld = 200

// oracleRequests is how many requests the differential test asks; set
// GRPCROUTE_ORACLE_REQUESTS for more.
func oracleRequests(t *testing.T) int {
	text := os.Getenv("GRPCROUTE_ORACLE_REQUESTS")
	if text == "" {
		return 60_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("GRPCROUTE_ORACLE_REQUESTS is %q, want a number", text)
	}
	return n
}

// TestOracle compares Lookup, and Explain, with the slow matcher over random
// tables and requests.
func TestOracle(t *testing.T) {
	var outcomes [4]int
	for seed := uint64(1); seed <= uint64(oracleRequests(t)/requestsPerWorld); seed++ {
		r := newRandom(seed)
		w := r.world()
		table, o := w.compile(), newOracle(w.topology)
		for range requestsPerWorld {
			q := r.request(w)
			if diff := disagreement(table, o, q); diff != "" {
				t.Fatalf("seed %d, profile %s, request %+v: %s", seed, w.topology.Profile.Name, *q, diff)
			}
			outcomes[table.Lookup(q).Outcome]++
		}
	}
	t.Logf("outcomes routed, no listener, no match, refused: %v", outcomes)
	for _, outcome := range []routing.Outcome{routing.Routed, routing.NoListener, routing.NoMatch} {
		if outcomes[outcome] == 0 {
			t.Errorf("no request ended as %s: the worlds are too poor", outcome)
		}
	}
}

// FuzzLookup lets the fuzzer choose a world and the text of a request.
func FuzzLookup(f *testing.F) {
	f.Add(uint64(1), "a.ex.com", "a.ex.com", "/p.A/Get", "h", "1")
	f.Add(uint64(7), "10.0.0.1:80", "", "/p.A", "k", "")
	f.Fuzz(func(t *testing.T, seed uint64, authority, sni, path, name, value string) {
		r := newRandom(seed)
		w := r.world()
		q := r.request(w)
		q.Authority, q.SNI, q.Path = authority, sni, path
		if q.Port == 80 {
			q.SNI = "" // a cleartext port has none
		}
		q.Headers = append(q.Headers, routing.Header{Name: name, Value: value})
		if diff := disagreement(w.compile(), newOracle(w.topology), q); diff != "" {
			t.Errorf("profile %s, request %+v: %s", w.topology.Profile.Name, *q, diff)
		}
	})
}

// disagreement says how the table, its explanation and the oracle differ.
func disagreement(table *routing.Table, o *oracle, q *routing.Request) string {
	want := o.answer(q)
	got := table.Lookup(q)
	if again := table.Lookup(q); again != got {
		return fmt.Sprintf("the second look-up gives %s, the first %s", describe(again), describe(got))
	}
	if got.Outcome != want.outcome || got.Misdirected != want.misdirected || !same(got.Entry, want.hit) {
		return fmt.Sprintf("table says %s, oracle %s", describe(got), describeAnswer(want))
	}
	d := table.Explain(q)
	if d.Result != got {
		return fmt.Sprintf("explain says %s, lookup %s", describe(d.Result), describe(got))
	}
	if d.Entry == nil && d.Why == "" {
		return "explain does not say why no entry takes the call"
	}
	return candidates(d, o, q)
}

// candidates checks each verdict against the oracle's.
func candidates(d *routing.Decision, o *oracle, q *routing.Request) string {
	won := 0
	for i, c := range d.Considered {
		if i > 0 && c.Verdict < d.Considered[i-1].Verdict {
			return "candidates are not in the order of verdicts"
		}
		e := c.Entry
		takes := false
		for _, h := range o.routeHits(e.Route, e.Host, q) {
			takes = takes || h.rule == e.Rule.Index && h.match == e.Match
		}
		switch {
		case c.Verdict == routing.Won:
			won++
			if e != d.Entry {
				return "the candidate that won is not the entry"
			}
		case c.Verdict == routing.Lost && (!takes || c.Key == ""):
			return fmt.Sprintf("candidate %s lost on %q: %s, but oracle says it takes the call: %t", entry(e), c.Key, c.Why, takes)
		case c.Verdict == routing.Unmatched && (c.Why == "" || takes && c.Condition != "host" && c.Condition != "listener"):
			return fmt.Sprintf("candidate %s did not match: %s, but oracle says it does", entry(e), c.Why)
		}
	}
	if won != 1 && d.Entry != nil || won != 0 && d.Entry == nil {
		return fmt.Sprintf("%d candidates won", won)
	}
	return ""
}

func same(e *routing.Entry, h *hit) bool {
	if e == nil || h == nil {
		return e == nil && h == nil
	}
	return e.Route == h.route && e.Rule.Index == h.rule && e.Match == h.match && e.Host == h.host
}

func entry(e *routing.Entry) string {
	return fmt.Sprintf("%s rule %d match %d host %+v keys %v", e.Route.Key(), e.Rule.Index, e.Match, e.Host, e.Keys)
}

func describe(r routing.Result) string {
	if r.Entry == nil {
		return fmt.Sprintf("%s (misdirected %t)", r.Outcome, r.Misdirected)
	}
	return r.Outcome.String() + " " + entry(r.Entry)
}

func describeAnswer(a answer) string {
	if a.hit == nil {
		return fmt.Sprintf("%s (misdirected %t)", a.outcome, a.misdirected)
	}
	return fmt.Sprintf("%s %s rule %d match %d host %+v keys %v",
		a.outcome, a.hit.route.Key(), a.hit.rule, a.hit.match, a.hit.host, a.hit.keys)
}
