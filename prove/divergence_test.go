package prove_test

import (
	"context"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
)

// form is the specification with another reading of matches, for the
// implementations of the table that have no profile.
func form(f func(*profile.MethodMatch) profile.PathForm) *profile.Profile {
	p := *profile.Spec
	p.Name, p.Matching.Form = "made-up", f
	return &p
}

var (
	// onlyBothNames is Contour as of pull 5021: an exact match needs both names.
	onlyBothNames = form(func(m *profile.MethodMatch) profile.PathForm {
		if m != nil && (m.Service == nil || m.Method == nil) {
			return profile.PathForm{Kind: profile.NoPath}
		}
		return profile.SpecForm(m)
	})
	// serviceNever is Cilium before the fix of issue 34079.
	serviceNever = form(func(m *profile.MethodMatch) profile.PathForm {
		if m != nil && m.Method == nil {
			return profile.PathForm{Kind: profile.NoPath}
		}
		return profile.SpecForm(m)
	})
	// prefixOnly matches a service as a prefix without the slash.
	prefixOnly = form(func(m *profile.MethodMatch) profile.PathForm {
		if m != nil && m.Method == nil {
			return profile.PathForm{Kind: profile.RegexPath, Pattern: "/" + *m.Service + ".*"}
		}
		return profile.SpecForm(m)
	})
)

// TestKnownDivergences wants the known differences of translations between the
// specification and an implementation, each with the call that is known for it:
// "HOST/SERVICE/METHOD".
func TestKnownDivergences(t *testing.T) {
	const re = "type: RegularExpression, "
	one := func(matches ...string) string {
		return "  - backendRefs: [{name: a, port: 80}]\n    matches: [{" + strings.Join(matches, "}, {") + "}]\n"
	}
	two := func(a, b string) string { return one(a) + strings.Replace(one(b), "name: a", "name: b", 1) }
	for _, c := range []struct {
		name    string
		with    *profile.Profile
		rules   string
		hosts   string
		listens string
		call    string
	}{
		{name: "D1", with: profile.EnvoyGateway, rules: one("method: {" + re + "service: 'foo|bar', method: Get}"), call: "x.com/bar/Get"},
		{name: "D1 kgateway", with: profile.KGateway, rules: one("method: {" + re + "service: 'foo|bar', method: Get}"), call: "x.com/bar/Get"},
		{name: "D2", with: profile.EnvoyGateway, rules: one("method: {" + re + "service: foo, method: 'Get|List'}"), call: "x.com/foo/List"},
		{name: "D3", with: profile.EnvoyGateway, rules: one("method: {" + re + "method: Get}"), call: "x.com/a/get"},
		{name: "D4", with: profile.EnvoyGateway, rules: one("method: {" + re + "service: foo}"), call: "x.com/foo/0"},
		{name: "D5", with: profile.EnvoyGateway, rules: two("method: {method: Get}",
			"headers: [{name: a, value: x}, {name: b, value: x}, {name: c, value: x}, {name: d, value: x}, {name: e, value: x}]"), call: "x.com/foo/Get"},
		{name: "D6 regex before prefix", with: profile.EnvoyGateway, rules: two("method: {"+re+"service: '.*', method: Get}", "method: {service: pkg.Echo}"), call: "x.com/pkg.Echo/Get"},
		{name: "D6 exact before regex", with: profile.EnvoyGateway, rules: two(`method: {`+re+`service: 'pkg\.(Echo|Ping)'}`, "method: {service: pkg.Echo, method: Get}"), call: "x.com/pkg.Echo/Get"},
		{name: "D8", with: profile.EnvoyGateway, rules: "  - backendRefs: [{kind: Deployment, group: apps, name: a, port: 80}]\n", call: "x.com/foo/Get"},
		{name: "D9", with: profile.CloudflareTunnel, rules: one("", "method: {service: foo}"), call: "x.com/other/Get"},
		{name: "D10", with: profile.CloudflareTunnel, rules: one("headers: [{type: RegularExpression, name: h, value: foo}]"), call: "x.com/any/Get"},
		{name: "D11", with: profile.Pingora, rules: one("method: {service: foo}"), hosts: "'*.com'", listens: ", hostname: '*.x.com'", call: "a.x.com/foo/Get"},
		{name: "D12", with: onlyBothNames, rules: one("method: {service: foo}"), call: "x.com/foo/Get"},
		{name: "D13", with: serviceNever, rules: one("method: {service: svc}"), call: "x.com/svc/AnyMethod"},
		{name: "D14", with: prefixOnly, rules: one("method: {service: svc}"), call: "x.com/svcX/M"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP" + c.listens +
				"}]}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [" + c.hosts + "]\n  rules:\n" + c.rules
			spec, other := compile(t, text, profile.Spec), compile(t, text, c.with)
			if d := prove.Diff(context.Background(), spec, other, prove.Options{}); len(d.Regions) == 0 {
				t.Errorf("%s is said to do what the specification says: %v", c.with.Name, d.Unknown)
			}
			host, path, _ := strings.Cut(c.call, "/")
			d := prove.DiffCall(context.Background(), spec, other, host, "/"+path, prove.Options{})
			if len(d.Regions) == 0 {
				t.Fatalf("call %s is said to end alike: %v", c.call, d.Unknown)
			}
			for _, r := range d.Regions {
				if a, b := effects(spec, other, &r.Witness); a == b {
					t.Errorf("witness %+v ends alike", r.Witness)
				}
			}
		})
	}
}

// TestMergedKinds is D7: an HTTPRoute and a GRPCRoute of one host are merged by
// some, and the specification accepts one of them.
func TestMergedKinds(t *testing.T) {
	route := func(kind, name, age, match string) string {
		return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: d, creationTimestamp: '2026-01-0" + age +
			"T00:00:00Z'}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [x.com]\n  rules:\n  - matches: [{" + match + "}]\n    backendRefs: [{name: " + name + ", port: 80}]\n"
	}
	text := "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}\n" +
		route("HTTPRoute", "web", "1", "path: {type: PathPrefix, value: /}") + route("GRPCRoute", "users", "2", "method: {service: foo}")
	spec, merged := compile(t, text, profile.Spec), compile(t, text, profile.EnvoyGateway)
	d := prove.DiffCall(context.Background(), spec, merged, "x.com", "/foo/Get", prove.Options{})
	if len(d.Regions) != 1 || !strings.Contains(d.Regions[0].Old.Key(), "web") || !strings.Contains(d.Regions[0].New.Key(), "users") {
		t.Errorf("want the calls to move from web to users: %s", regions(d))
	}
}
