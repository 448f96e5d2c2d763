package profile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/profile"
)

func TestByName(t *testing.T) {
	for _, name := range profile.Names() {
		p, err := profile.ByName(name, false)
		if err != nil || p.Name != name {
			t.Errorf("ByName(%q) = %v, %v", name, p, err)
		}
	}
	p, err := profile.ByName("pingora", true)
	if err != nil || p.Name != "pingora --as-built" {
		t.Errorf("as built: %v, %v", p, err)
	}
	for _, tt := range []struct {
		name    string
		asBuilt bool
		want    string
	}{
		{"cloudflare", false, `did you mean "cloudflare-tunnel"?`},
		{"kgatewy", false, `did you mean "kgateway"?`},
		{"envoygateway", false, `did you mean "envoy-gateway"?`},
		{"Spec", false, `did you mean "spec"?`},
		{"traefik", false, "expected one of spec, cloudflare-tunnel, envoy-gateway, kgateway, pingora"},
		{"kgateway", true, "expected one of pingora"},
	} {
		_, err := profile.ByName(tt.name, tt.asBuilt)
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("ByName(%q, %v): %v, want ... %s", tt.name, tt.asBuilt, err, tt.want)
		}
	}
}

// every walks the profiles and their as-built variants.
func every(t *testing.T, f func(*testing.T, *profile.Profile)) {
	for _, p := range profile.All {
		t.Run(p.Name, func(t *testing.T) { f(t, p) })
		if p.AsBuilt != nil {
			t.Run(p.AsBuilt.Name, func(t *testing.T) { f(t, p.AsBuilt) })
		}
	}
}

// Each claim says what, and where it was read, and speaks of one thing once.
func TestClaims(t *testing.T) {
	every(t, func(t *testing.T, p *profile.Profile) {
		if len(p.Claims) == 0 || p.Title == "" {
			t.Error("no claims or no title")
		}
		var features []string
		for _, c := range p.Claims {
			if c.Feature == "" || c.Says == "" || c.Source == "" || strings.HasSuffix(c.Says, ".") {
				t.Errorf("incomplete claim %+v", c)
			}
			if slices.Contains(features, c.Feature) {
				t.Errorf("two claims on %q", c.Feature)
			}
			features = append(features, c.Feature)
		}
		for _, c := range p.Constraints {
			if c.ID == "" || c.Says == "" || c.Document == "" || c.Code == "" {
				t.Errorf("incomplete constraint %+v", c)
			}
		}
	})
}

// Every answer is one a client can get, with a source.
func TestAnswers(t *testing.T) {
	every(t, func(t *testing.T, p *profile.Profile) {
		a := p.Answers
		for i, answer := range []profile.Answer{a.NoListener, a.NoMatch, a.NoBackend, a.InvalidBackend, a.ZeroWeights, a.NoEndpoints, a.UnsupportedFilter, a.Protocol, a.BackendTLS} {
			if answer.HTTP < 200 || answer.HTTP > 599 || answer.GRPC < 1 || answer.GRPC > 16 || answer.Source == "" {
				t.Errorf("answer %d: %+v", i, answer)
			}
			// The mapping of grpc doc/http-grpc-status-mapping.md, where HTTP decides.
			want := map[int]int{400: 13, 401: 16, 403: 7, 404: 12, 421: 2, 429: 14, 500: 2, 502: 14, 503: 14, 504: 14}
			if code, ok := want[answer.HTTP]; ok && code != answer.GRPC {
				t.Errorf("answer %d: HTTP %d is gRPC %d, not %d", i, answer.HTTP, code, answer.GRPC)
			}
		}
		if !p.Hosts.NoMisdirected && a.Misdirected.HTTP == 0 {
			t.Error("no answer to misdirected calls")
		}
	})
}

// The documented constraints that lint reports by their ids.
func TestConstraints(t *testing.T) {
	enforced := map[string]bool{}
	for _, p := range profile.All {
		for _, c := range p.Constraints {
			enforced[p.Name+" "+c.ID] = c.Enforced
		}
	}
	for id, want := range map[string]bool{
		"kgateway https-listener-only":               false,
		"kgateway rules-in-order":                    false,
		"kgateway unique-host-across-kinds":          false,
		"kgateway grant-to-attach":                   false,
		"cloudflare-tunnel http2-tunnel-transport":   true,
		"cloudflare-tunnel zone-grpc-switch":         false,
		"cloudflare-tunnel unique-host-across-kinds": true,
		"pingora grant-for-backend":                  false,
	} {
		if got, ok := enforced[id]; !ok || got != want {
			t.Errorf("%s: enforced %v, known %v", id, got, ok)
		}
	}
}

func TestSpecCriteria(t *testing.T) {
	unit := func(host, own string, service, method, headers int) []profile.Unit {
		return []profile.Unit{{Host: host, OwnHost: own, ServiceChars: service, MethodChars: method, Headers: headers}}
	}
	// Each is more specific than the next.
	order := [][]profile.Unit{
		unit("abc.example.com", "abc.example.com", 0, 0, 0),
		unit("abc.example.com", "*.example.com", 9, 9, 9),
		unit("abc.example.com", "*.com", 9, 9, 9),
		unit("abc.example.com", "", 9, 9, 9),
		unit("*.example.com", "*.example.com", 0, 0, 0),
		unit("*.example.com", "", 9, 9, 9),
		unit("*.com", "", 9, 9, 9),
		unit("", "", 5, 0, 0),
		unit("", "", 4, 9, 9),
		unit("", "", 4, 8, 9),
		unit("", "", 4, 8, 8),
		unit("", "", 0, 0, 0),
	}
	for i := 1; i < len(order); i++ {
		if compare(profile.Spec, order[i-1], order[i]) <= 0 {
			t.Errorf("%+v is not before %+v", order[i-1], order[i])
		}
	}
}

func compare(p *profile.Profile, a, b []profile.Unit) int {
	for _, c := range p.Precedence.Order() {
		if d := c.Of(a) - c.Of(b); d != 0 {
			return d
		}
	}
	return 0
}

// A rule of the tunnel ranks by maxima taken apart: what no single match has
// counts together.
func TestTunnelRanksRules(t *testing.T) {
	unit := func(m *profile.MethodMatch, headers int) profile.Unit {
		return profile.Unit{Path: profile.CloudflareTunnel.PathForm(m), Headers: headers}
	}
	exact := &profile.MethodMatch{Service: s("a.S"), Method: s("M")}
	long := &profile.MethodMatch{Service: s("other.LongService"), Method: s("Method")}
	service := &profile.MethodMatch{Service: s("a.much.longer.ServiceName")}
	method := &profile.MethodMatch{Method: s("M")}
	order := [][]profile.Unit{
		{unit(long, 0), unit(nil, 2)},
		{unit(long, 0), unit(service, 1)},
		{unit(long, 0), unit(service, 0)},
		{unit(exact, 9)},
		{unit(method, 0)},
		{unit(service, 9)},
		{unit(nil, 2)},
		{unit(nil, 0)},
	}
	for i := 1; i < len(order); i++ {
		if compare(profile.CloudflareTunnel, order[i-1], order[i]) <= 0 {
			t.Errorf("row %d is not before row %d", i-1, i)
		}
	}
}

func TestChars(t *testing.T) {
	literal := &profile.MethodMatch{Service: s("a.S"), Method: s("Get")}
	regex := &profile.MethodMatch{Regex: true, Service: s(".*")}
	for _, tt := range []struct {
		reading profile.RegexLength
		want    []int
	}{
		{profile.PatternLength, []int{3, 3, 2, 0}},
		{profile.MatchedLength, []int{1, 1, 1, 0}},
		{profile.ZeroLength, []int{3, 3, 0, 0}},
	} {
		p := profile.Precedence{RegexLength: tt.reading}
		a, b := p.Chars(literal)
		c, d := p.Chars(regex)
		if diff := cmp.Diff(tt.want, []int{a, b, c, d}); diff != "" {
			t.Errorf("reading %d: -want +got\n%s", tt.reading, diff)
		}
	}
}

func TestProtocols(t *testing.T) {
	const absent = "-"
	for _, tt := range []struct {
		profile   *profile.Profile
		app, port string
		tls       bool
		want      string // name, ! when calls fail, ? when unsure
		reason    bool
	}{
		{profile.Spec, absent, "", false, "h2c", false},
		{profile.Spec, absent, "", true, "h2", false},
		{profile.Spec, "kubernetes.io/h2c", "", false, "h2c", false},
		{profile.Spec, "kubernetes.io/ws", "", false, "http1!", true},
		{profile.Spec, "kubernetes.io/wss", "", true, "http1!", true},
		{profile.Spec, "http", "", false, "http1!?", true},
		{profile.Spec, "https", "", false, "h2c!?", true},
		{profile.Spec, "https", "", true, "h2", false},
		{profile.Spec, "grpc", "", false, "h2c", false},
		{profile.Spec, "HTTP2", "", false, "h2c", false},
		{profile.Spec, "example.com/x", "", false, "h2c?", false},
		{profile.CloudflareTunnel, "https", "", false, "h2c!", true},
		{profile.CloudflareTunnel, "https", "", true, "h2", false},
		{profile.CloudflareTunnel, "kubernetes.io/ws", "", false, "h2c", false},
		{profile.CloudflareTunnel, "nonsense", "https", false, "h2c", false},
		{profile.KGateway, absent, "grpc", false, "h2c", false},
		{profile.KGateway, absent, "GRPC", false, "h2c", false},
		{profile.KGateway, absent, "h2c", false, "http1!", false},
		{profile.KGateway, absent, "grpc-foo", false, "http1!", false},
		{profile.KGateway, absent, "", false, "http1!", false},
		{profile.KGateway, "http", "grpc", false, "http1!", false},
		{profile.KGateway, "kubernetes.io/h2c", "", false, "h2c", false},
		{profile.KGateway, "grpc-web", "", true, "h2", false},
		{profile.EnvoyGateway, "http", "", false, "h2c", false},
		{profile.EnvoyGateway, "kubernetes.io/ws", "", false, "http1!", false},
		{profile.Pingora, "kubernetes.io/ws", "", false, "h2c", false},
		{profile.Pingora, absent, "", false, "h2c", false},
		{profile.Pingora.AsBuilt, absent, "grpc", false, "http1!", false},
	} {
		t.Run(tt.profile.Name+" "+tt.app+" "+tt.port, func(t *testing.T) {
			f := profile.PortFacts{Name: tt.port, TLS: tt.tls}
			if tt.app != absent {
				f.AppProtocol = &tt.app
			}
			p := tt.profile.Backends.Dial(f)
			got := p.Name
			if p.Fails {
				got += "!"
			}
			if p.Unsure {
				got += "?"
			}
			if got != tt.want || (p.Reason != "") != tt.reason || p.Fails && p.Message == "" {
				t.Errorf("got %s, reason %q, message %q; want %s", got, p.Reason, p.Message, tt.want)
			}
		})
	}
}

func TestFilterVerdicts(t *testing.T) {
	for _, tt := range []struct {
		profile *profile.Profile
		want    []profile.Verdict // header modifiers, mirror, extension, unknown type
	}{
		{profile.Spec, []profile.Verdict{profile.Supported, profile.Supported, profile.Supported, profile.Unknown, profile.Rejected}},
		{profile.CloudflareTunnel, []profile.Verdict{profile.Supported, profile.Supported, profile.Rejected, profile.Rejected, profile.Rejected}},
		{profile.KGateway, []profile.Verdict{profile.Supported, profile.Supported, profile.Supported, profile.Ignored, profile.Rejected}},
	} {
		var got []profile.Verdict
		for _, filter := range []string{"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef", "Teleport"} {
			got = append(got, tt.profile.Filters.Rule.Of(filter))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.profile.Name, diff)
		}
	}
}
