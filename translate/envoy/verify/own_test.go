package verify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/envoy/verify"
)

// ours writes our own configuration of tables, with every port opened.
func ours(t testing.TB, ts []*routing.Table) ([]byte, diag.List) {
	t.Helper()
	o := envoy.Options{Listen: map[string]string{}, CertificateDir: "/certs"}
	n := 0
	for _, table := range ts {
		for _, g := range table.Topology.Gateways {
			for _, l := range g.Listeners {
				name := fmt.Sprintf("%s:%d", g.Key(), l.Port)
				if l.Port == 0 {
					name = g.Key()
				}
				n++
				o.Listen[name] = fmt.Sprintf("127.0.0.1:%d", 20000+n)
			}
		}
	}
	b, notes, err := envoy.Translate(ts, o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := envoy.JSON(b)
	if err != nil {
		t.Fatal(err)
	}
	return text, notes
}

func check(t testing.TB, ts []*routing.Table, text []byte) *verify.Report {
	t.Helper()
	config, err := verify.Read([]*manifest.File{{Name: "envoy.json", Data: text}})
	if err != nil {
		t.Fatal(err)
	}
	return verify.Compare(context.Background(), ts, config, verify.Options{})
}

func lost(notes diag.List) string {
	var out []string
	for i := range notes {
		if notes[i].Severity >= diag.Warning {
			out = append(out, notes[i].Message)
		}
	}
	return strings.Join(out, "\n  ")
}

func describe(r *verify.Report) string {
	var b strings.Builder
	for i, g := range r.Regions {
		if i == 5 {
			fmt.Fprintf(&b, "  and %d more\n", len(r.Regions)-i)
			break
		}
		fmt.Fprintf(&b, "  %v %v: %s\n    witness %+v\n    want %s\n    got %s\n", g.Where, g.Hosts, g, g.Witness, g.Old.Key(), g.New.Key())
	}
	for i, u := range r.Unknown {
		if i == 5 {
			break
		}
		fmt.Fprintf(&b, "  unknown: %s\n", u)
	}
	return b.String()
}

// TestOwnConfigurationsAreEqual proves that what translate writes routes as the
// manifests say, for every manifest set, or that translate has said what it lost.
func TestOwnConfigurationsAreEqual(t *testing.T) {
	equal, doors, told := 0, 0, 0
	for name, set := range agreement.ManifestSets(t, "../../..") {
		ts := agreement.Tables(set)
		text, notes := ours(t, ts)
		if !strings.Contains(string(text), "listeners") {
			continue
		}
		r := check(t, ts, text)
		doors += len(r.Compared)
		switch {
		case len(r.Regions) == 0 && len(r.Unknown) == 0:
			equal++
		case len(r.Regions) == 0 && strings.Contains(strings.Join(r.Unknown, ""), "more than"):
			told++ // a budget, which both sides' expressions exceed
		case lost(notes) != "":
			told++
			t.Logf("%s: told\n  %s\n%s", name, lost(notes), describe(r))
		default:
			t.Errorf("%s:\n%s", name, describe(r))
		}
		if len(r.Settings) > 0 {
			t.Errorf("%s: settings %v", name, r.Settings)
		}
	}
	t.Logf("%d sets equal, %d differ as translate said, %d ports", equal, told, doors)
	if equal < 100 {
		t.Errorf("%d sets are equal", equal)
	}
}

func TestOwnConfigurationsOfRandomTablesAreEqual(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 60
	}
	for seed := range n {
		table := agreement.Compile(t, random.New(uint64(seed)).Manifests(manifests), profile.All[seed%len(profile.All)])
		ts := []*routing.Table{table}
		text, notes := ours(t, ts)
		if r := check(t, ts, text); len(r.Regions)+len(r.Unknown) > 0 && lost(notes) == "" {
			t.Errorf("seed %d under %s:\n%s", seed, table.Topology.Profile.Name, describe(r))
		}
	}
}

var manifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 80", "name: s3, port: 81", "kind: ConfigMap, name: bad, port: 80"},
	Filters: []string{"", "", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: H, value: seen}], add: [{name: k, value: 'more%'}], remove: [x]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: who, value: rule}], remove: [gone]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}, percent: 10}}"},
	BackendFilters: []string{"", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: H, value: backend}]}}",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: k, value: backend}], remove: [H]}}",
		"{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: who, value: backend}]}}"},
}
