package prove_test

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// count is how many random inputs a property test takes; an environment variable
// asks for more.
func count(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	if testing.Short() {
		return otherwise / 20
	}
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

type key struct {
	rule  *topology.Rule
	match int
}

// TestReachIsRight holds every verdict against the table: a witness replays, and
// no random call refutes what is said to be unreachable.
func TestReachIsRight(t *testing.T) {
	states := map[prove.State]int{}
	for seed := range count(t, "GRPCROUTE_PROVE_TABLES", 8_000) {
		r := newRandom(uint64(seed))
		in, p := r.input(), r.profile()
		table := compile(t, in.text(), p)
		verdicts := map[key]*prove.Verdict{}
		for _, v := range prove.Reach(context.Background(), table, prove.Options{}) {
			states[v.State]++
			verdicts[key{v.Rule, v.Match}] = v
			switch v.State {
			case prove.Reachable:
				if res := table.Lookup(v.Witness); res.Entry == nil || res.Entry.Rule != v.Rule || res.Entry.Match != v.Match {
					t.Fatalf("seed %d: %+v does not reach rule %d match %d\n%s", seed, v.Witness, v.Rule.Index, v.Match, in.text())
				}
			case prove.Unreachable:
				if !v.Never && v.Why == "" && len(v.By) == 0 {
					t.Fatalf("seed %d: rule %d match %d of %s is unreachable for no reason\n%s", seed, v.Rule.Index, v.Match, v.Rule.Route.Key(), in.text())
				}
			default:
				if v.Why == "" {
					t.Fatalf("seed %d: rule %d match %d of %s is undecided for no reason\n%s", seed, v.Rule.Index, v.Match, v.Rule.Route.Key(), in.text())
				}
			}
		}
		for range 100 {
			q := r.request()
			refute(t, seed, in, table, q, verdicts)
			for _, h := range q.Headers { // repeated headers
				q.Headers = append(q.Headers, routing.Header{Name: h.Name, Value: r.of(callValues)})
			}
			refute(t, seed, in, table, q, verdicts)
		}
	}
	t.Log(states)
	if states[prove.Unreachable] == 0 || states[prove.Reachable] == 0 {
		t.Error("the inputs show one side only")
	}
}

func refute(t *testing.T, seed int, in *input, table *routing.Table, q *routing.Request, verdicts map[key]*prove.Verdict) {
	t.Helper()
	res := table.Lookup(q)
	if res.Entry == nil {
		return
	}
	v := verdicts[key{res.Entry.Rule, res.Entry.Match}]
	if v == nil || v.State == prove.Unreachable {
		t.Fatalf("seed %d: %+v reaches rule %d match %d, said to be %+v\n%s", seed, q, res.Entry.Rule.Index, res.Entry.Match, v, in.text())
	}
}
