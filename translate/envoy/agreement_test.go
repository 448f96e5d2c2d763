package envoy_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/grpc/codes"
)

// comparison starts n backends for calls through an Envoy, which reads its
// configuration from a file or a folder, and through serve.
func comparison(t testing.TB, n int, folder bool) *agreement.Agreement {
	a := agreement.New(t, func(ts []*routing.Table, given plan.Options) ([]*agreement.Plane, diag.List, string) {
		o := options(given)
		o.Admin = agreement.Addresses(t, 1)[0]
		b, notes, err := envoy.Translate(ts, o)
		if err != nil {
			t.Fatal(err)
		}
		p := agreement.NewPlane(t, "Envoy")
		for _, l := range b.GetStaticResources().GetListeners() {
			p.At[l.Name], p.Secure[l.Name] = o.Listen[l.Name], l.FilterChains[0].TransportSocket != nil
		}
		if len(p.At) == 0 {
			return nil, nil, ""
		}
		var stop func()
		inUse := ""
		if folder {
			stop, inUse = start(t, writeFiles(t, ts, o, t.TempDir()), o.Admin)
		} else {
			stop, inUse = tryRun(t, b, o.Admin)
		}
		if inUse != "" {
			return nil, nil, inUse
		}
		p.Stops = append(p.Stops, stop)
		return []*agreement.Plane{p, serve(t, ts, &o)}, notes, ""
	}, n)
	a.Authority = regexp.MustCompile(`^[a-zA-Z0-9.:_-]+$`)
	return a
}

// TestCallsThroughEnvoyAgreeOnRandom makes calls to random tables. Those whose
// implementations read repeated headers alike are in one Envoy.
func TestCallsThroughEnvoyAgreeOnRandom(t *testing.T) {
	agreement.Envoy(t)
	n, each := 300, 100
	if testing.Short() {
		n, each = 60, 60
	}
	for _, any := range []bool{false, true} {
		t.Run(fmt.Sprintf("any value %v", any), func(t *testing.T) {
			comparison(t, 8, false).CallEach(randomTables(t, n, any), each, false)
		})
	}
}

// randomTables are those of n whose implementations look at any value of a repeated
// header, or those whose do not.
func randomTables(t testing.TB, n int, any bool) []*routing.Table {
	t.Helper()
	var ts []*routing.Table
	for seed := range n {
		if profile.All[seed%len(profile.All)].Matching.RepeatedAny == any {
			ts = append(ts, agreement.Random(t, seed, fmt.Sprintf("d%dx", seed), false))
		}
	}
	return ts
}

// TestCallsThroughEnvoyAgreeOnTestdata calls into each region of calls that the
// exact engine finds in the manifest sets.
func TestCallsThroughEnvoyAgreeOnTestdata(t *testing.T) {
	agreement.Envoy(t)
	of := 1
	if testing.Short() {
		of = 20
	}
	comparison(t, 24, false).CallRegions("../..", of)
}

// begin runs an Envoy for a table, and tells what the translation said.
func begin(t *testing.T, table *routing.Table, given plan.Options, _ ...string) {
	t.Helper()
	o := options(given)
	o.Admin = agreement.Addresses(t, 1)[0]
	b, notes, err := envoy.Translate([]*routing.Table{table}, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range notes {
		t.Logf("%s: %s", notes[i].Severity, notes[i].Message)
	}
	run(t, b, o.Admin)
}

func TestTLSOnBothSides(t *testing.T) { agreement.TLS(t, begin, codes.OK) }

// TestDeadlinesPass: a call may take as long as its client says, and no longer.
func TestDeadlinesPass(t *testing.T) { agreement.Deadlines(t, begin) }
