package simulate_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
)

const twoClasses = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: mine}
spec:
  gatewayClassName: kgateway
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: theirs}
spec:
  gatewayClassName: cloudflare-tunnel
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: both}
spec:
  parentRefs: [{name: theirs}, {name: mine}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: theirs-only}
spec:
  parentRefs: [{name: theirs}]
`

func read(t *testing.T, text string) *manifest.Set {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Problems) > 0 {
		t.Fatalf("problems: %v", set.Problems)
	}
	return set
}

// An implementation writes entries for its own Gateways only.
func TestStatusSkipsGatewaysOfOthers(t *testing.T) {
	set := read(t, twoClasses)
	report := simulate.Status(topology.Resolve(set, topology.Options{Profile: profile.KGateway, Auto: true}), nil)
	if len(report.Gateways) != 1 || report.Gateways[0].Gateway.Name != "mine" {
		t.Errorf("Gateways: %+v", report.Gateways)
	}
	for _, r := range report.Routes {
		switch r.Route.Name {
		case "both":
			if len(r.Parents) != 1 || r.Parents[0].Parent.Index != 1 || r.Why != "" || len(r.Skipped) != 1 {
				t.Errorf("both: %d entries, %d skipped, why %q", len(r.Parents), len(r.Skipped), r.Why)
			}
		case "theirs-only":
			if want := `Gateway default/theirs belongs to another implementation: class "cloudflare-tunnel"`; len(r.Parents) != 0 || r.Why != want {
				t.Errorf("theirs-only: %d entries, why %q, want %q", len(r.Parents), r.Why, want)
			}
		}
	}
}

// Every prediction is either decided, with a reason, or open, with what it depends
// on; and what is certain says nothing of open questions.
func TestEveryConditionIsDecidedOrExplained(t *testing.T) {
	set := read(t, twoClasses)
	for _, p := range profile.All {
		for _, assume := range []topology.Assume{topology.AssumeNothing, topology.AssumePresent, topology.AssumeAbsent} {
			report := simulate.Status(topology.Resolve(set, topology.Options{Profile: p, Assume: assume}), nil)
			checkReport(t, p.Name, report)
		}
	}
}

func checkReport(t *testing.T, name string, report *simulate.StatusReport) {
	t.Helper()
	for _, r := range report.Routes {
		if len(r.Parents) == 0 != (r.Why != "") {
			t.Errorf("%s: %s has %d entries, and why is %q", name, r.Route.Key(), len(r.Parents), r.Why)
		}
		for _, parent := range r.Parents {
			check(t, name, parent.Conditions)
		}
	}
	for _, g := range report.Gateways {
		check(t, name, g.Conditions)
		for _, l := range g.Listeners {
			check(t, name, l.Conditions)
		}
	}
	for _, s := range report.ListenerSets {
		check(t, name, s.Conditions)
		for _, l := range s.Listeners {
			check(t, name, l.Conditions)
		}
	}
}

func check(t *testing.T, name string, conditions []simulate.Condition) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range conditions {
		if seen[c.Type] {
			t.Errorf("%s: %s is written twice", name, c.Type)
		}
		seen[c.Type] = true
		open := c.Status == simulate.Undetermined
		switch {
		case c.Message == "":
			t.Errorf("%s: %s=%s has no message", name, c.Type, c.Status)
		case open != (c.Certainty == diag.Unknown), open != (c.Reason == ""):
			t.Errorf("%s: %s=%s has reason %q and certainty %s", name, c.Type, c.Status, c.Reason, c.Certainty)
		case !open && c.Status != "True" && c.Status != "False":
			t.Errorf("%s: %s has status %q", name, c.Type, c.Status)
		}
	}
}
