package topology_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/topology"
)

// intersections are the rows of a listener hostname, route hostnames and what
// they have in common, "-" for none: GA apis/v1/grpcroute_types.go and the
// conformance tests for hostname intersection.
var intersections = []struct{ name, listener, route, want string }{
	{"nobody names one", "", "", "*"},
	{"route precise", "", "api.example.com", "api.example.com"},
	{"route wildcard", "", "*.example.com", "*.example.com"},
	{"inherits precise", "api.example.com", "", "api.example.com"},
	{"inherits wildcard", "*.example.com", "", "*.example.com"},
	{"equal", "api.example.com", "api.example.com", "api.example.com"},
	{"different", "api.example.com", "web.example.com", "-"},
	{"precise under route wildcard", "api.example.com", "*.example.com", "api.example.com"},
	{"precise under short wildcard", "api.example.com", "*.com", "api.example.com"},
	{"several labels", "a.b.example.com", "*.example.com", "a.b.example.com"},
	{"bare suffix of the route", "example.com", "*.example.com", "-"},
	{"precise under listener wildcard", "*.example.com", "api.example.com", "api.example.com"},
	{"several labels under listener wildcard", "*.example.com", "a.b.example.com", "a.b.example.com"},
	{"bare suffix of the listener", "*.example.com", "example.com", "-"},
	{"other suffix", "*.example.com", "api.example.net", "-"},
	{"label boundary", "*.example.com", "badexample.com", "-"},
	{"equal wildcards", "*.example.com", "*.example.com", "*.example.com"},
	{"route wildcard inside", "*.com", "*.example.com", "*.example.com"},
	{"listener wildcard inside", "*.example.com", "*.com", "*.example.com"},
	{"nested route wildcard", "*.example.com", "*.api.example.com", "*.api.example.com"},
	{"nested listener wildcard", "*.api.example.com", "*.example.com", "*.api.example.com"},
	{"sibling wildcards", "*.a.example.com", "*.b.example.com", "-"},
	{"wildcards of other suffixes", "*.example.com", "*.example.org", "-"},
	{"wildcard label boundary", "*.example.com", "*.badexample.com", "-"},
	{"one of three", "very.specific.com", "non.matching.com *.nonmatchingwildcard.io very.specific.com", "very.specific.com"},
	{"two of three", "*.wildcard.io", "wildcard.io foo.wildcard.io foo.bar.wildcard.io", "foo.wildcard.io foo.bar.wildcard.io"},
	{"other one ignored", "*.example.com", "test.example.com test.example.net", "test.example.com"},
	{"redundant", "*.example.com", "*.example.com api.example.com", "*.example.com api.example.com"},
	{"none of two", "very.specific.com", "specific.but.wrong.com wildcard.io", "-"},
	{"single label", "localhost", "localhost", "localhost"},
	{"cluster name", "*.local", "grpc.default.svc.cluster.local", "grpc.default.svc.cluster.local"},
	{"wildcard of itself", "api.example.com", "*.api.example.com", "-"},
}

func TestHostnameIntersection(t *testing.T) {
	for _, tt := range intersections {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			routes := strings.Fields(tt.route)
			if len(routes) == 0 {
				routes = []string{""}
			}
			for _, r := range routes {
				if host, ok := topology.Intersect(tt.listener, r); ok {
					if host == "" {
						host = "*"
					}
					got = append(got, host)
				}
			}
			if got == nil {
				got = []string{"-"}
			}
			if diff := cmp.Diff(strings.Fields(tt.want), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// The same rows through a Gateway and a route.
func TestEffectiveHostnames(t *testing.T) {
	for _, tt := range intersections {
		t.Run(tt.name, func(t *testing.T) {
			hostname, hostnames := "", ""
			if tt.listener != "" {
				hostname = "    hostname: \"" + tt.listener + "\"\n"
			}
			if tt.route != "" {
				hostnames = "  hostnames: [\"" + strings.Join(strings.Fields(tt.route), `", "`) + "\"]\n"
			}
			top := resolve(t, nil,
				gateway("ns", "gw", "  - name: http\n    port: 80\n    protocol: HTTP\n"+hostname),
				grpcRoute("ns", "r", "  parentRefs: [{name: gw}]\n"+hostnames))
			parent := route(t, top, "r").Parents[0]
			if tt.want == "-" {
				if got := word(parent.Refusal); got != "NoMatchingListenerHostname" {
					t.Errorf("refusal = %q, want NoMatchingListenerHostname", got)
				}
				return
			}
			var got []string
			for _, h := range parent.Attachments[0].Hosts {
				if h.Name == "" {
					h.Name = "*"
				}
				got = append(got, h.Name)
			}
			if diff := cmp.Diff(strings.Fields(tt.want), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestOwnHostname(t *testing.T) {
	top := resolve(t, nil,
		gateway("ns", "gw", "  - {name: http, port: 80, protocol: HTTP, hostname: abc.example.com}\n"),
		grpcRoute("ns", "r", "  parentRefs: [{name: gw}]\n  hostnames: ['*.example.com', 'ABC.example.com.', '*.com']\n"))
	want := []topology.Host{{Name: "abc.example.com", Own: "abc.example.com"}}
	if diff := cmp.Diff(want, route(t, top, "r").Parents[0].Attachments[0].Hosts); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestNormalizeAuthority(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"API.Example.com", "api.example.com"},
		{"api.example.com:443", "api.example.com"},
		{"api.example.com.", "api.example.com"},
		{"api.example.com.:8443", "api.example.com"},
		{"api.example.com:", "api.example.com"},
		{"api.example.com:https", "api.example.com:https"},
		{"[::1]:50051", "[::1]"},
		{"[::1]", "[::1]"},
		{"::1", "::1"},
		{"10.0.0.1:80", "10.0.0.1"},
		{"", ""},
	} {
		t.Run(tt.in, func(t *testing.T) {
			if got := topology.NormalizeAuthority(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMatchHost(t *testing.T) {
	for _, tt := range []struct {
		hostname, host string
		many, one      bool
	}{
		{"", "10.0.0.1", true, true},
		{"api.example.com", "api.example.com", true, true},
		{"*.example.com", "api.example.com", true, true},
		{"*.example.com", "a.b.example.com", true, false},
		{"*.example.com", "example.com", false, false},
		{"*.example.com", ".example.com", false, false},
		{"*.example.com", "badexample.com", false, false},
		{"*.0.1", "10.0.0.1", false, false},
		{"10.0.0.1", "10.0.0.1", false, false},
		{"*.1", "a.1", true, true},
	} {
		t.Run(tt.hostname+" "+tt.host, func(t *testing.T) {
			if got := topology.MatchHost(tt.hostname, tt.host, false); got != tt.many {
				t.Errorf("many labels: got %v", got)
			}
			if got := topology.MatchHost(tt.hostname, tt.host, true); got != tt.one {
				t.Errorf("one label: got %v", got)
			}
		})
	}
}

func TestMoreSpecific(t *testing.T) {
	want := []string{"a.example.com", "b.example.com", "x.org", "*.foo.example.com", "*.example.com", "*.com", ""}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, topology.MoreSpecific)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// sampleHosts are request hosts over an alphabet so small that random hostnames
// meet them often.
func sampleHosts() []string {
	labels := []string{"a", "b", "ab"}
	hosts := slices.Clone(labels)
	level := slices.Clone(labels)
	for range 3 {
		var next []string
		for _, h := range level {
			for _, l := range labels {
				next = append(next, l+"."+h)
			}
		}
		hosts, level = append(hosts, next...), next
	}
	return hosts
}

// FuzzIntersect compares with the definition: a request host is in the
// intersection when both hostnames take it.
func FuzzIntersect(f *testing.F) {
	for _, tt := range intersections {
		f.Add(tt.listener, strings.Fields(tt.route + " x")[0])
	}
	f.Add("*.a", "*.b.a")
	f.Add("*.ab", "*.b")
	hosts := sampleHosts()
	f.Fuzz(func(t *testing.T, a, b string) {
		if !legal(a) || !legal(b) {
			t.Skip()
		}
		common, ok := topology.Intersect(a, b)
		again, sym := topology.Intersect(b, a)
		if common != again || ok != sym {
			t.Fatalf("Intersect(%q, %q) = %q %v, turned round %q %v", a, b, common, ok, again, sym)
		}
		for _, host := range append(hosts, a, b, strings.Replace(a, "*", "x", 1), strings.Replace(b, "*", "x", 1)) {
			if host == "" || strings.Contains(host, "*") {
				continue
			}
			both := topology.MatchHost(a, host, false) && topology.MatchHost(b, host, false)
			if got := ok && topology.MatchHost(common, host, false); got != both {
				t.Fatalf("Intersect(%q, %q) = %q %v: host %q is in it: %v, want %v", a, b, common, ok, host, got, both)
			}
			if topology.Covers(a, b) && topology.MatchHost(b, host, false) && !topology.MatchHost(a, host, false) {
				t.Fatalf("Covers(%q, %q), and host %q is only in the second", a, b, host)
			}
		}
	})
}

// legal reports whether a string has the shape of a hostname field; which
// characters it has does not matter here.
func legal(h string) bool {
	h = strings.TrimPrefix(h, "*.")
	return h == "" || !strings.ContainsAny(h, "*: \x00") && !strings.HasPrefix(h, ".") && !strings.HasSuffix(h, ".") && !strings.Contains(h, "..")
}
