package topology_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// aRoute writes a route of either kind: "kind name created host,host sections".
func aRoute(s string) string {
	f := strings.Fields(s)
	created, hosts, parents := "", "", "  parentRefs: [{name: gw}]\n"
	if f[2] != "-" {
		created = "  creationTimestamp: '2026-01-0" + f[2] + "T00:00:00Z'\n"
	}
	if f[3] != "-" {
		hosts = "  hostnames: ['" + strings.ReplaceAll(f[3], ",", "', '") + "']\n"
	}
	if len(f) > 4 {
		parents = "  parentRefs:\n"
		for _, section := range strings.Split(f[4], ",") {
			parents += "  - {name: gw, sectionName: " + section + "}\n"
		}
	}
	kind := map[string]string{"grpc": "GRPCRoute", "http": "HTTPRoute"}[f[0]]
	return object("gateway.networking.k8s.io/v1", kind, "ns", f[1], created+"spec:\n"+parents+hosts)
}

// Rows are routes on two listeners, "one" without a hostname and "two" for
// *.example.com; wanted is what each attachment becomes.
func TestCrossKindConflicts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		profile *profile.Profile
		routes  string
		want    string
	}{
		{"older route keeps the host", nil, "grpc a 1 x.org one;http b 2 x.org one", "a:- b:lost"},
		{"older HTTPRoute keeps it too", nil, "grpc a 2 x.org one;http b 1 x.org one", "a:lost b:-"},
		{"equal age goes by name", nil, "grpc b 1 x.org one;http a 1 x.org one", "a:- b:lost"},
		{"age not known", nil, "grpc a - x.org one;http b - x.org one", "a:doubt b:lost?"},
		{"one age not known", nil, "grpc b 1 x.org one;http a - x.org one", "a:lost? b:doubt"},
		{"other hosts", nil, "grpc a 1 x.org one;http b 2 y.org one", "a:- b:-"},
		{"same kind", nil, "grpc a 1 x.org one;grpc b 2 x.org one", "a:- b:-"},
		{"wildcard overlaps", nil, "grpc a 1 *.x.org one;http b 2 a.b.x.org one", "a:- b:lost"},
		{"wildcard under an exact name", nil, "grpc a 1 a.b.x.org one;http b 2 *.x.org one", "a:- b:lost"},
		{"nested wildcards", nil, "grpc a 1 *.b.x.org one;http b 2 *.x.org one", "a:- b:lost"},
		{"bare suffix does not", nil, "grpc a 1 *.x.org one;http b 2 x.org one", "a:- b:-"},
		{"any host overlaps all", nil, "grpc a 1 - one;http b 2 x.org one", "a:- b:lost"},
		{"all overlap any host", nil, "grpc a 1 x.org one;http b 2 - one", "a:- b:lost"},
		{"one of its hosts is enough", nil, "grpc a 1 x.org one;http b 2 y.org,x.org one", "a:- b:lost"},
		{"a loser claims nothing", nil, "grpc a 1 x.org one;http b 2 x.org,y.org one;grpc c 3 y.org one", "a:- b:lost c:-"},
		{"per listener, by effective hosts", nil, "grpc a 1 x.example.com two;http b 2 *.example.com,x.org one,two", "a:- b:- b:lost"},
		{"narrowed hosts do not meet", nil, "grpc a 1 x.org,y.example.com two;http b 2 x.org,z.example.com two", "a:- b:-"},

		{"everywhere", profile.CloudflareTunnel, "grpc a 1 x.example.com two;http b 2 *.example.com,x.org one,two", "a:- b:lost b:lost"},
		{"by written hosts", profile.CloudflareTunnel, "grpc a 1 x.org,y.example.com two;http b 2 x.org,z.example.com two", "a:- b:lost"},
		{"no hostnames overlap everything", profile.CloudflareTunnel, "grpc a 1 y.example.com two;http b 2 - one", "a:- b:lost"},

		{"merged", profile.KGateway, "grpc a 1 x.org one;http b 2 x.org one", "a:- b:-"},
		{"merged", profile.EnvoyGateway, "grpc a 1 x.org one;http b 2 x.org one", "a:- b:-"},
		{"not looked at", profile.Pingora, "grpc a 1 x.org one;http b 2 x.org one", "a:- b:-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			manifests := []string{gateway("ns", "gw", listenerLines("one 80 HTTP -;two 81 HTTP *.example.com"))}
			for _, r := range strings.Split(tt.routes, ";") {
				manifests = append(manifests, aRoute(r))
			}
			top := resolve(t, tt.profile, manifests...)
			var got []string
			for _, name := range []string{"a", "b", "c"} {
				for _, r := range top.Routes {
					if r.Name == name {
						got = append(got, outcomes(r)...)
					}
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}

// outcomes shows how a route's selected attachments fare.
func outcomes(r *topology.Route) []string {
	var out []string
	for _, p := range r.Parents {
		for _, a := range p.Attachments {
			switch {
			case a.Refusal == nil && a.Certainty != 0:
				out = append(out, r.Name+":doubt")
			case a.Refusal == nil:
				out = append(out, r.Name+":-")
			case a.Stage == profile.ConflictStage:
				out = append(out, r.Name+":lost"+strings.TrimLeft(word(a.Refusal), "-Conflicted"))
			}
		}
	}
	return out
}

func TestCrossKindReason(t *testing.T) {
	top := resolve(t, profile.CloudflareTunnel, gateway("ns", "gw", listenerLines("one 80 HTTP -")), aRoute("grpc b 2 x.org one"), aRoute("http a 1 x.org one"))
	p := route(t, top, "b").Parents[0]
	if word(p.Refusal) != "Conflicted" || p.Refusal.Field() != "spec.hostnames" || len(p.Refusal.Related()) != 1 {
		t.Errorf("%+v", p.Refusal)
	}
}

// The conflicts of many routes against a pairwise search.
func TestCrossKindAgainstPairs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 11))
	hosts := []string{"a.x", "b.a.x", "*.x", "*.a.x", "x", "c.x", "*.b.a.x", "-"}
	for range 60 {
		manifests := []string{gateway("ns", "gw", listenerLines("one 80 HTTP -"))}
		type entry struct {
			kind, host string
			lost       bool
		}
		var all []entry
		for i := range 9 {
			e := entry{kind: []string{"grpc", "http"}[rnd.IntN(2)], host: hosts[rnd.IntN(len(hosts))]}
			all = append(all, e)
			manifests = append(manifests, aRoute(e.kind+" r"+string(rune('0'+i))+" 1 "+e.host+" one"))
		}
		for i := range all {
			for _, before := range all[:i] {
				overlap := topology.Overlap(strings.TrimPrefix(all[i].host, "-"), strings.TrimPrefix(before.host, "-"))
				all[i].lost = all[i].lost || before.kind != all[i].kind && !before.lost && overlap
			}
		}
		top := resolve(t, nil, manifests...)
		for _, r := range top.Routes {
			want := all[int(r.Name[1]-'0')].lost
			if got := r.Parents[0].Refusal != nil; got != want {
				t.Fatalf("%v\nroute %s lost: %v, want %v", all, r.Name, got, want)
			}
		}
	}
}
