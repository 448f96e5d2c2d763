package proxy_test

import (
	"crypto/tls"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// failing has a rule per kind of failure.
const failing = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec:
  gatewayClassName: any
  listeners:
  - {name: grpc, port: 8080, protocol: HTTP, hostname: "*.example.com"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: fails, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.example.com]
  rules:
  - {matches: [{method: {service: k.NoBackend}}]}
  - matches: [{method: {service: k.InvalidKind}}]
    backendRefs: [{name: x, kind: ConfigMap, port: 1}]
  - matches: [{method: {service: k.Missing}}]
    backendRefs: [{name: missing, port: 1}]
  - matches: [{method: {service: k.ZeroWeight}}]
    backendRefs: [{name: ok, port: 1, weight: 0}, {name: ok, port: 1, weight: 0}]
  - matches: [{method: {service: k.Filter}}]
    filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: few}}]
    backendRefs: [{name: ok, port: 1}]
  - matches: [{method: {service: k.FilterFirst}}]
    filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: few}}]
    backendRefs: [{name: x, kind: ConfigMap, port: 1, weight: 1000000}, {name: ok, port: 1, weight: 1}]
  - matches: [{method: {service: k.NoEndpoints}}]
    backendRefs: [{name: empty, port: 1}]
  - matches: [{method: {service: k.Protocol}}]
    backendRefs: [{name: secure, port: 1}]
  - matches: [{method: {service: k.OneFails}}]
    backendRefs: [{name: ok, port: 1, weight: 0}, {name: ok, port: 1, filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: few}}]}]
  - matches: [{method: {service: k.BackendTLS}}]
    backendRefs: [{name: tls, port: 1}]
---
{apiVersion: v1, kind: Service, metadata: {name: ok, namespace: demo}, spec: {ports: [{name: grpc, port: 1, appProtocol: kubernetes.io/h2c}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: empty, namespace: demo}, spec: {ports: [{name: grpc, port: 1, appProtocol: kubernetes.io/h2c}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: secure, namespace: demo}, spec: {ports: [{name: web, port: 1, appProtocol: https}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: tls, namespace: demo}, spec: {ports: [{name: grpc, port: 1, appProtocol: kubernetes.io/h2c}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: tls, namespace: demo}
spec:
  targetRefs: [{group: "", kind: Service, name: tls}]
  validation: {hostname: tls.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: no-such-ca}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: empty-1, namespace: demo, labels: {kubernetes.io/service-name: empty}}, addressType: IPv4, endpoints: [], ports: []}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: ok-1, namespace: demo, labels: {kubernetes.io/service-name: ok}}, addressType: IPv4, endpoints: [{addresses: [127.0.0.1]}], ports: [{name: grpc, port: 1}]}
`

// compileFor makes a table of manifests that are complete, as an implementation
// reads them.
func compileFor(t testing.TB, p *profile.Profile, text string) *routing.Table {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil || len(set.Problems) > 0 {
		t.Fatal(err, set.Problems)
	}
	return routing.Compile(topology.Resolve(set, topology.Options{Profile: p, Assume: topology.AssumeAbsent}))
}

// TestAnswersOfProfiles compares what a client sees with what the profile says,
// for each implementation and each kind of failure.
func TestAnswersOfProfiles(t *testing.T) {
	covered := map[string]bool{}
	each := slices.Clone(profile.All)
	for _, p := range profile.All {
		if p.AsBuilt != nil {
			each = append(each, p.AsBuilt)
		}
	}
	for _, p := range each {
		t.Run(p.Name, func(t *testing.T) {
			table := compileFor(t, p, failing)
			g := serveTable(t, table, nil, proxy.Options{ExplainHeader: true})
			cc := dial(t, g.address)
			for _, target := range []string{"a.example.com/k.NoBackend", "a.example.com/k.InvalidKind", "a.example.com/k.Missing", "a.example.com/k.ZeroWeight",
				"a.example.com/k.Filter", "a.example.com/k.FilterFirst", "a.example.com/k.NoEndpoints", "a.example.com/k.Protocol", "a.example.com/k.BackendTLS", "a.example.com/k.OneFails",
				"a.example.com/k.NoSuch", "c.example.com/k.Filter", "example.net/k.Filter"} {
				host, service, _ := strings.Cut(target, "/")
				r := routing.Request{Gateway: "demo/gw", Port: 8080, Authority: host, Path: "/" + service + "/Call"}
				res := table.Lookup(&r)
				switch {
				case res.Outcome == routing.Routed && len(res.Entry.Action.Filters) > 0:
					// No source says what the implementation does with the filter, and this data
					// plane does not serve it.
					res.Answer = &p.Answers.UnsupportedFilter
				case res.Outcome == routing.Routed:
					continue // the implementation serves it
				}
				covered[p.Name+" "+kindOf(p, res.Answer)] = true
				var head metadata.MD
				err := cc.Invoke(short(t), r.Path, &testpb.Empty{}, &testpb.Empty{}, grpc.CallAuthority(host), grpc.Header(&head))
				checkAnswer(t, g, p, &res, target, err)
				if res.Entry != nil {
					rule := fmt.Sprint(res.Entry.Rule.Index)
					if got := rawAnswer(t, g.address, host, r.Path); got["grpcroute-rule"] != rule || got["grpcroute-route"] != "GRPCRoute demo/fails" {
						t.Errorf("%s: the answer does not name the rule: %v", target, got)
					}
				}
			}
		})
	}
	for _, want := range []string{"spec NoListener", "spec NoMatch", "spec NoBackend", "spec InvalidBackend", "spec ZeroWeights", "spec NoEndpoints", "spec UnsupportedFilter",
		"spec BackendTLS", "cloudflare-tunnel NoMatch", "cloudflare-tunnel NoBackend", "cloudflare-tunnel InvalidBackend", "cloudflare-tunnel ZeroWeights",
		"cloudflare-tunnel NoEndpoints", "cloudflare-tunnel UnsupportedFilter", "cloudflare-tunnel Protocol", "cloudflare-tunnel BackendTLS",
		"envoy-gateway NoListener", "envoy-gateway NoBackend", "envoy-gateway BackendTLS", "kgateway NoBackend", "kgateway InvalidBackend",
		"pingora NoMatch", "pingora NoEndpoints", "pingora Unreachable"} {
		if !covered[want] {
			t.Errorf("%s was not tried", want)
		}
	}
	t.Logf("%d answers compared", len(covered))
}

// kindOf is the name of the field of profile.Answers that an answer is.
func kindOf(p *profile.Profile, a *profile.Answer) string {
	all := reflect.ValueOf(&p.Answers).Elem()
	for i := range all.NumField() {
		if of, ok := all.Field(i).Addr().Interface().(*profile.Answer); ok && of == a {
			return all.Type().Field(i).Name
		}
	}
	return "another"
}

// checkAnswer compares a client's error and the record with what was looked up.
func checkAnswer(t *testing.T, g *gateway, p *profile.Profile, res *routing.Result, target string, err error) {
	t.Helper()
	s := status.Convert(err)
	if int(s.Code()) != res.Answer.GRPC {
		t.Errorf("%s: got %v, want code %d (%s)", target, err, res.Answer.GRPC, kindOf(p, res.Answer))
	}
	host, service, _ := strings.Cut(target, "/")
	got := rawAnswer(t, g.address, host, "/"+service+"/Call")
	plain := p.Answers.Plain && res.Answer.HTTP != 200
	switch _, has := got["grpc-status"]; {
	case plain && (has || got[":status"] != fmt.Sprint(res.Answer.HTTP)):
		t.Errorf("%s: got %v, want HTTP %d and no grpc-status", target, got, res.Answer.HTTP)
	case !plain && (got[":status"] != "200" || got["grpc-status"] != fmt.Sprint(res.Answer.GRPC)):
		t.Errorf("%s: got %v, want grpc-status %d", target, got, res.Answer.GRPC)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	last := g.records[len(g.records)-1]
	if last.Code != res.Answer.GRPC || last.Message == "" || fmt.Sprint(last.HTTP) != got[":status"] {
		t.Errorf("%s: recorded was %+v", target, last)
	}
	if e := res.Entry; e != nil && (last.Route != "GRPCRoute demo/fails" || last.Rule != e.Rule.Index || !strings.Contains(last.Message, fmt.Sprintf("GRPCRoute demo/fails rule %d", last.Rule))) {
		t.Errorf("%s: recorded was %+v", target, last)
	}
	if !plain && s.Message() != last.Message {
		t.Errorf("%s: the client was told %q, recorded was %q", target, s.Message(), last.Message)
	}
}

// rawAnswer returns the header fields of the answer to one call.
func rawAnswer(t *testing.T, address, host, path string) map[string]string {
	t.Helper()
	r := rawClient(t, address)
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	block := r.requestTo(host, path)
	if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, EndStream: true}); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := f.(*http2.MetaHeadersFrame); ok {
			out := map[string]string{}
			for _, field := range h.Fields {
				out[field.Name] = field.Value
			}
			_ = r.nc.Close()
			return out
		}
	}
}

// TestMisdirected: over TLS a host of another listener than the connection's is
// answered HTTP 421.
func TestMisdirected(t *testing.T) {
	table := compile(t, `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec:
  gatewayClassName: any
  listeners:
  - {name: a, port: 443, protocol: HTTPS, hostname: a.example.com, tls: {certificateRefs: [{name: c}]}}
  - {name: b, port: 443, protocol: HTTPS, hostname: b.example.com, tls: {certificateRefs: [{name: c}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: demo}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: interop, port: 1}]}]}
`)
	address, _ := backend(t)
	g := serveTable(t, table, map[string]string{"interop": address}, proxy.Options{})
	own := certificate(t, "*.example.com")
	socket, _ := g.another(t, proxy.Listener{Gateway: "demo/gw", Port: 443, TLS: &tls.Config{Certificates: []tls.Certificate{own}}})
	cc, err := grpc.NewClient(socket.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool(t, own), ServerName: "a.example.com"})))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	tc := testpb.NewTestServiceClient(cc)
	if _, err := tc.EmptyCall(short(t), &testpb.Empty{}); err != nil {
		t.Error(err)
	}
	_, err = tc.EmptyCall(short(t), &testpb.Empty{}, grpc.CallAuthority("b.example.com"))
	if s := status.Convert(err); int(s.Code()) != profile.Spec.Answers.Misdirected.GRPC || !strings.Contains(s.Message(), "b.example.com") {
		t.Errorf("got %v", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if last := g.records[len(g.records)-1]; last.HTTP != 421 || !last.TLS || last.SNI != "a.example.com" || last.Port != 443 {
		t.Errorf("recorded was %+v", last)
	}
}

// TestBlockedTable: a table that its implementation would not load is not served.
func TestBlockedTable(t *testing.T) {
	const broken = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: demo}
spec: {gatewayClassName: any, listeners: [{name: grpc, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: demo}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches: [{method: {type: RegularExpression, service: "a(b"}}]
    backendRefs: [{name: ok, port: 1}]
  - backendRefs: [{name: ok, port: 1}]
---
{apiVersion: v1, kind: Service, metadata: {name: ok, namespace: demo}, spec: {ports: [{name: grpc, port: 1, appProtocol: kubernetes.io/h2c}]}}
`
	blocking := 0
	for _, p := range profile.All {
		if !p.Matching.InvalidRegexBlocksAll {
			continue
		}
		blocking++
		g := serveTable(t, compileFor(t, p, broken), nil, proxy.Options{})
		err := dial(t, g.address).Invoke(short(t), "/x.Y/Z", &testpb.Empty{}, &testpb.Empty{})
		if s := status.Convert(err); int(s.Code()) != p.Answers.NoMatch.GRPC || !strings.Contains(s.Message(), "a(b") {
			t.Errorf("%s: got %v", p.Name, err)
		}
	}
	if blocking == 0 {
		t.Error("no profile has such tables")
	}
}
