package routing_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var verdictNames = map[routing.Verdict]string{routing.Won: "won", routing.Lost: "lost", routing.Unmatched: "did not match"}

func considered(d *routing.Decision) []string {
	var lines []string
	for _, c := range d.Considered {
		line := c.Entry.Route.Name + " " + verdictNames[c.Verdict]
		if c.Key != "" {
			line += " on " + c.Key
		}
		if c.Why != "" {
			line += ": " + c.Why
		}
		lines = append(lines, line)
	}
	return lines
}

// Every candidate with its fate: the winner, who lost on what, and which condition
// failed with both values.
func TestExplainCandidates(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "any 80 HTTP -", "wild 80 HTTP *.example.com")
	w.route(one("a/winner", "*.example.com", exact("pkg.Echo", "Get")), g.Listeners[1])
	w.route(one("a/service", "*.example.com", exact("pkg.Echo", "")), g.Listeners[1])
	w.route(one("a/other", "*.example.com", exact("pkg.EchoV2", "Get")), g.Listeners[1])
	w.route(one("a/method", "*.example.com", exact("pkg.Echo", "Put")), g.Listeners[1])
	w.route(one("a/regex", "*.example.com", regex(`pkg\.(A|B)`, "")), g.Listeners[1])
	w.route(one("a/header", "*.example.com", exact("", "", "Env=canary")), g.Listeners[1])
	w.route(one("a/absent", "*.example.com", exact("", "", "tenant~t[0-9]+")), g.Listeners[1])
	w.route(one("a/wide", "*.com", exact("", "")), g.Listeners[0])
	d := w.compile().Explain(call("api.example.com/pkg.Echo/Get", "env: prod"))
	want := []string{
		"winner won",
		"service lost on method characters: 0 against 3",
		`other did not match: service is "pkg.Echo", wanted "pkg.EchoV2"`,
		`regex did not match: service is "pkg.Echo", wanted a match of "pkg\\.(A|B)"`,
		`method did not match: method is "Get", wanted "Put"`,
		`absent did not match: header "tenant" is absent, wanted a match of "t[0-9]+"`,
		`header did not match: header "Env" is "prod", wanted "canary"`,
		`wide did not match: its listener "any" is not asked: listener "wild" takes the call`,
	}
	if diff := cmpDiff(want, considered(d)); diff != "" {
		t.Errorf("candidates differ (-want +got):\n%s", diff)
	}
	if d.Certainty != diag.Certain || len(d.Unknowns) > 0 {
		t.Errorf("certainty is %s %q, want certain: no tie stands in the way", d.Certainty, d.Unknowns)
	}
}

// Without fall-through the less specific hosts are listed as not asked; with it a
// route's less specific hostname gives way to its own better one.
func TestExplainHosts(t *testing.T) {
	tests := []struct {
		profile *profile.Profile
		want    []string
	}{
		{profile.EnvoyGateway, []string{
			`exact did not match: method is "Get", wanted "Put"`,
			`both did not match: header "v" is absent, wanted "2"`,
			`both did not match: its hostname "*.example.com" is not asked: the more specific "api.example.com" answers alone`,
			`wild did not match: its hostname "*.example.com" is not asked: the more specific "api.example.com" answers alone`,
		}},
		{profile.Spec, []string{
			"wild won",
			`exact did not match: method is "Get", wanted "Put"`,
			`both did not match: header "v" is absent, wanted "2"`,
			`both did not match: its route answers for host "api.example.com" by the more specific "api.example.com"`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.profile.Name, func(t *testing.T) {
			w := newWorld(tt.profile)
			g := w.gateway("infra/gw", "http 80 HTTP -")
			w.route(one("a/exact", "api.example.com", exact("pkg.Echo", "Put")), g.Listeners[0])
			w.route(routeSpec{key: "a/both", hosts: []string{"*.example.com", "api.example.com"},
				rules: []ruleSpec{to("both", exact("", "", "v=2"))}}, g.Listeners[0])
			w.route(one("a/wild", "*.example.com"), g.Listeners[0])
			d := w.compile().Explain(call("api.example.com/pkg.Echo/Get"))
			if diff := cmpDiff(tt.want, considered(d)); diff != "" {
				t.Errorf("candidates differ (-want +got):\n%s", diff)
			}
		})
	}
}

// Why no entry takes a call.
func TestExplainMiss(t *testing.T) {
	w := newWorld(profile.Spec)
	g := w.gateway("infra/gw", "a 443 HTTPS a.com", "b 443 HTTPS *.b.com", "broken 443 HTTPS broken.com")
	g.Listeners[2].Refusals = []*topology.Refusal{{Reason: "InvalidCertificateRef", Message: "Secret infra/tls does not exist"}}
	w.route(one("infra/a", "", exact("pkg.Echo", "Get")), g.Listeners[0])
	w.route(one("infra/b", "x.b.com", exact("pkg.Echo", "Get")), g.Listeners[1])
	table := w.compile()
	tests := []struct{ target, sni, want string }{
		{"c.com/pkg.Echo/Get", "", `no listener of Gateway infra/gw port 443 serves host "c.com"`},
		{"broken.com/pkg.Echo/Get", "", `no listener of Gateway infra/gw port 443 serves host "broken.com"; listener "broken" would, but is not programmed: Secret infra/tls does not exist`},
		{"a.com/pkg.Echo/Put", "a.com", `no rule for host "a.com" matches`},
		{"y.b.com/pkg.Echo/Get", "", `no route answers for host "y.b.com" on listener "b"`},
		{"a.com/pkg.Echo/Get", "x.b.com", `the connection is for listener "b", but host "a.com" belongs to listener "a"`},
		{"10.0.0.1/pkg.Echo/Get", "", "no listener of Gateway infra/gw port 443 serves a call without a hostname"},
	}
	for _, tt := range tests {
		t.Run(tt.target+" "+tt.sni, func(t *testing.T) {
			q := call(tt.target)
			q.SNI = tt.sni
			if d := table.Explain(q); d.Why != tt.want {
				t.Errorf("explain says %q, want %q", d.Why, tt.want)
			}
		})
	}
}

// What makes an answer uncertain.
func TestExplainUnknown(t *testing.T) {
	plain := one("a/a", "", exact("pkg.Echo", "Get"))
	tests := []struct {
		name    string
		profile *profile.Profile
		build   func(*world, *topology.Gateway)
		call    string
		want    string // part of an unknown; "" for none
	}{
		{"nothing open", profile.Spec, func(w *world, g *topology.Gateway) { w.route(plain, g.Listeners[0]) }, echo, ""},
		{"attachment", profile.Spec, func(w *world, g *topology.Gateway) {
			w.route(plain, g.Listeners[0])
			at := g.Listeners[0].Attached[0]
			at.Certainty, at.Why = diag.Unknown, "the labels of namespace a are not in the input"
		}, echo, "labels of namespace a"},
		{"attachment of a loser", profile.Spec, func(w *world, g *topology.Gateway) {
			w.route(one("a/loser", "", exact("pkg.Echo", "")), g.Listeners[0])
			at := g.Listeners[0].Attached[0]
			at.Certainty, at.Why = diag.Unknown, "the labels of namespace a are not in the input"
			w.route(plain, g.Listeners[0])
		}, echo, ""},
		{"Gateway", profile.Spec, func(w *world, g *topology.Gateway) {
			g.Certainty = diag.Unknown
			w.route(plain, g.Listeners[0])
		}, echo, "Gateway infra/gw is not in the input"},
		{"pattern that blocks every update", profile.CloudflareTunnel, func(w *world, g *topology.Gateway) {
			w.route(plain, g.Listeners[0])
			w.route(one("b/b", "other.example.com", regex("p.(", "")), g.Listeners[0])
		}, echo, "no change to any route takes effect"},
		{"pattern of another dialect", profile.Spec, func(w *world, g *topology.Gateway) {
			foreignPattern(w.route(one("b/b", "", regex("pkg(?=.).*", "")), g.Listeners[0]))
			w.route(one("a/a", ""), g.Listeners[0])
		}, echo, "whether rule 0 of GRPCRoute b/b takes the call is not known"},
		{"pattern of another dialect, behind", profile.Spec, func(w *world, g *topology.Gateway) {
			foreignPattern(w.route(one("b/b", "", regex("(?=.).*", "")), g.Listeners[0]))
			w.route(one("a/a", "", exact("pkg.Echo", "Get")), g.Listeners[0])
		}, echo, ""},
		{"pattern of another dialect, other header absent", profile.Spec, func(w *world, g *topology.Gateway) {
			foreignPattern(w.route(one("b/b", "", regex("pkg(?=.).*", "", "v=1")), g.Listeners[0]))
			w.route(one("a/a", ""), g.Listeners[0])
		}, echo, ""},
		{"open attachment", profile.Spec, func(w *world, g *topology.Gateway) {
			w.route(one("b/b", "*.example.com", exact("pkg.Echo", "")), g.Listeners[0])
			open(g.Listeners[0], "an HTTPRoute may be older")
		}, echo, "whether GRPCRoute b/b is attached is not known: an HTTPRoute may be older"},
		{"open attachment for another host", profile.Spec, func(w *world, g *topology.Gateway) {
			w.route(one("b/b", "*.example.com", exact("pkg.Echo", "")), g.Listeners[0])
			open(g.Listeners[0], "an HTTPRoute may be older")
		}, "other.org/pkg.Echo/Get", ""},
		{"hostname that only an unknown route brings", profile.EnvoyGateway, func(w *world, g *topology.Gateway) {
			w.route(one("b/b", "grpc.example.com", exact("pkg.Other", "")), g.Listeners[0])
			g.Listeners[0].Attached[0].Certainty = diag.Unknown
			w.route(one("a/a", "*.example.com"), g.Listeners[0])
		}, echo, `hostname "grpc.example.com" answers`},
		{"filter", profile.Spec, func(w *world, g *topology.Gateway) {
			s := plain
			s.rules = []ruleSpec{to("a")}
			s.rules[0].filters = []string{"ExtensionRef"}
			w.route(s, g.Listeners[0])
		}, echo, "no source says what spec does with filter ExtensionRef"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.profile)
			tt.build(w, w.gateway("infra/gw", "http 80 HTTP -"))
			d := w.compile().Explain(call(tt.call))
			text := strings.Join(d.Unknowns, "\n")
			if (d.Certainty == diag.Unknown) != (tt.want != "") || !strings.Contains(text, tt.want) || (text != "") != (tt.want != "") {
				t.Errorf("certainty is %s because %q, want it to say %q", d.Certainty, d.Unknowns, tt.want)
			}
		})
	}
}

// foreignPattern marks a route's patterns as topology does where the dialect is
// not specified.
func foreignPattern(r *topology.Route) {
	for _, rule := range r.Rules {
		rule.BadPatterns = []*topology.Refusal{{Reason: "UnsupportedValue", Certainty: diag.Unknown}}
	}
}

// open turns the last attachment of a listener into one that may not hold.
func open(l *topology.Listener, why string) {
	at := l.Attached[len(l.Attached)-1]
	at.Refusal = &topology.Refusal{Message: why, Certainty: diag.Unknown}
	l.Attached = l.Attached[:len(l.Attached)-1]
}

// Routes of a Service: the producer's for all callers, a consumer's for calls from
// its own namespace, by port.
func TestMesh(t *testing.T) {
	w := newWorld(profile.Spec)
	mesh := func(s routeSpec, port int32) {
		r := w.route(s)
		ref := gatewayv1.ParentReference{Name: "echo"}
		namespace := gatewayv1.Namespace("prod")
		ref.Namespace = &namespace
		p := &topology.Parent{Route: r, Ref: ref, Mesh: true}
		if port != 0 {
			number := port
			p.Ref.Port = &number
		}
		r.Parents = append(r.Parents, p)
	}
	mesh(one("prod/producer", "ignored.example.com", exact("pkg.Echo", "")), 0)
	mesh(one("client/consumer", "", exact("pkg.Echo", "Get")), 0)
	table := w.compile()
	tests := []struct {
		from, path, want string
		certainty        diag.Certainty
	}{
		{"other", "/pkg.Echo/Get", "prod/producer", diag.Certain},
		{"other", "/pkg.Echo/Put", "prod/producer", diag.Certain},
		{"prod", "/pkg.Echo/Get", "prod/producer", diag.Certain},
		{"client", "/pkg.Echo/Get", "client/consumer", diag.Certain},
		{"client", "/pkg.Echo/Put", "no-match", diag.Certain},
		{"", "/pkg.Echo/Get", "prod/producer", diag.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.from+tt.path, func(t *testing.T) {
			q := call("echo" + tt.path)
			q.Service, q.From = "prod/echo", tt.from
			d := table.Explain(q)
			if got := backend(d.Result); got != tt.want || d.Certainty != tt.certainty {
				t.Errorf("call goes to %s (%s), want %s (%s)", got, d.Certainty, tt.want, tt.certainty)
			}
		})
	}
	mesh(one("prod/port", "", exact("pkg.Echo", "Get")), 8080)
	q := call("echo/pkg.Echo/Get")
	q.Service, q.From = "prod/echo", "other"
	if d := w.compile().Explain(q); backend(d.Result) != "prod/port" || d.Certainty != diag.Unknown {
		t.Errorf("call goes to %s (%s), want prod/port, unknown: the Service's ports are not in the input", backend(d.Result), d.Certainty)
	}
	if res := w.compile().Lookup(call("echo/pkg.Echo/Get")); res.Server != nil {
		t.Errorf("a call that names no Service is answered by %s", res.Server)
	}
}

// Where no source says how a regular expression is read, what one could take is
// not known.
func TestUndefinedRegex(t *testing.T) {
	w := newWorld(profile.Pingora)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	w.route(routeSpec{key: "infra/r", rules: []ruleSpec{
		to("a", regex("pkg.Ec", "")), to("b", exact("pkg.Echo", "Get")), to("c", exact("pkg.Other", "")),
	}}, g.Listeners[0])
	table := w.compile()
	for path, want := range map[string]diag.Certainty{
		"pkg.Echo/Get": diag.Certain, // an exact path comes first in any reading
		"pkg.Echo/Put": diag.Unknown,
		"pkg.Other/x":  diag.Certain, // a prefix does as well
		"pkg.Ec/x":     diag.Unknown,
		"app.Any/x":    diag.Certain, // found in no reading
	} {
		if d := table.Explain(call("h/" + path)); d.Certainty != want {
			t.Errorf("%s is %s (%v), want %s", path, d.Certainty, d.Unknowns, want)
		}
	}
}

// A data plane that never asks GRPCRoutes answers alike whatever their patterns
// mean.
func TestNotServedIsCertain(t *testing.T) {
	w := newWorld(profile.Pingora.AsBuilt)
	g := w.gateway("infra/gw", "http 80 HTTP -")
	r := w.route(routeSpec{key: "infra/r", rules: []ruleSpec{to("a", regex("a(?=b)", "")), to("b", regex("pkg.*", ""))}}, g.Listeners[0])
	r.Rules[0].BadPatterns = []*topology.Refusal{{Message: "of another dialect", Certainty: diag.Unknown}}
	if d := w.compile().Explain(call("h/pkg.Echo/Get")); d.Outcome != routing.NoMatch || d.Certainty != diag.Certain {
		t.Errorf("outcome %s is %s (%v), want a certain miss", d.Outcome, d.Certainty, d.Unknowns)
	}
}
