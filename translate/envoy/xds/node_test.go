package xds_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// gateway is a Gateway with one route, to a backend of its name.
func gateway(name string) string {
	return strings.NewReplacer("name: gw", "name: "+name, "name: r,", "name: "+name+",").Replace(
		edited(rule("{method: {service: p.S}}", "name: "+name+", port: 80")))
}

// ads opens a stream, state of the world.
func (w *world) ads() discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesClient {
	w.t.Helper()
	cc, err := grpc.NewClient(w.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cc.Close() })
	ctx, done := context.WithTimeout(context.Background(), 20*time.Second)
	w.t.Cleanup(done)
	s, err := discoveryv3.NewAggregatedDiscoveryServiceClient(cc).StreamAggregatedResources(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// TestNodes: a node id chooses the Gateway; one that names none is told which there
// are, and so is the log, once.
func TestNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.serve(gateway("a"))
	for _, id := range []string{"d/a", "d/a/1", "anything", ""} {
		if got := w.routesOf(&corev3.Node{Id: id}); got != "d/a:8080" {
			t.Errorf("one Gateway, node id %q: %s", id, got)
		}
	}
	w.serve(gateway("a") + "---\n" + gateway("b"))
	for id, want := range map[string]string{"d/a": "d/a:8080", "d/b": "d/b:8080", "d/b/pod-1": "d/b:8080"} {
		if got := w.routesOf(&corev3.Node{Id: id}); got != want {
			t.Errorf("node id %q: %s, want %s", id, got, want)
		}
	}
	if got := w.routesOf(&corev3.Node{Id: "pod", Cluster: "d/b"}); got != "d/b:8080" {
		t.Errorf("node cluster d/b: %s", got)
	}
	for range 2 {
		s := w.ads()
		if err := s.Send(&discoveryv3.DiscoveryRequest{Node: &corev3.Node{Id: "d/bb"}, TypeUrl: envoy.ListenerType}); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		_, err := s.Recv()
		if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), `node id "d/bb" names no Gateway: expected one of d/a, d/b`) {
			t.Errorf("an unknown node id: %v", err)
		}
	}
	if said := w.heard(); strings.Count(said, `2 a client is refused: node id "d/bb" names no Gateway: expected one of d/a, d/b`) != 1 {
		t.Errorf("the server says:\n%s", said)
	}
}

// routesOf returns the name of the only listener that a node gets.
func (w *world) routesOf(node *corev3.Node) string {
	w.t.Helper()
	s := w.ads()
	if err := s.Send(&discoveryv3.DiscoveryRequest{Node: node, TypeUrl: envoy.ListenerType}); err != nil {
		w.t.Fatal(err)
	}
	r, err := s.Recv()
	if err != nil {
		w.t.Fatal(err)
	}
	if len(r.Resources) != 1 {
		w.t.Fatalf("%d listeners for %v", len(r.Resources), node)
	}
	_, name, _ := strings.Cut(string(r.Resources[0].Value), "\n")
	_ = s.CloseSend()
	return name[1 : 1+int(name[0])]
}

// TestRefusals: what a client refuses is told with its words, and clusters that it
// may still use are kept.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.options.Listen["d/gw:8080"] = "127.0.0.1:1"
	w.serve(edits[0].text)
	s := w.ads()
	node := &corev3.Node{Id: "d/gw", UserAgentName: "test"}
	ask := func(r *discoveryv3.DiscoveryRequest) *discoveryv3.DiscoveryResponse {
		t.Helper()
		r.Node, r.TypeUrl = node, envoy.ClusterType
		if err := s.Send(r); err != nil {
			t.Fatal(err)
		}
		got, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := ask(&discoveryv3.DiscoveryRequest{})
	if len(first.Resources) != 1 {
		t.Fatalf("%d clusters", len(first.Resources))
	}
	w.push(edits[2].text) // to b and c, away from a
	second := ask(&discoveryv3.DiscoveryRequest{VersionInfo: first.VersionInfo, ResponseNonce: first.Nonce})
	if len(second.Resources) != 3 {
		t.Errorf("%d clusters while a change is on its way, want a, b and c", len(second.Resources))
	}
	err := s.Send(&discoveryv3.DiscoveryRequest{Node: node, TypeUrl: envoy.ClusterType, VersionInfo: first.VersionInfo, ResponseNonce: second.Nonce,
		ErrorDetail: status.New(codes.InvalidArgument, "no such thing").Proto()})
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	said := w.heard()
	if !strings.Contains(said, `2 Envoy "d/gw" of Gateway d/gw refuses what it was sent of Cluster: no such thing`) || !strings.Contains(said, "1 Envoy of Gateway d/gw: clusters that some client may still use are kept") {
		t.Errorf("the server says:\n%s", said)
	}
}

// TestHosts: a gRPC client reaches the routes of the most specific hostname, at the
// port that it names.
func TestHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "exact", "wild", "any", "secure")
	route := func(name, section, hostname string) string {
		return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: " + name + ", namespace: d}\nspec:\n  parentRefs: [{name: gw, sectionName: " + section + "}]\n" +
			hostname + "  rules: [{backendRefs: [{name: " + name + ", port: 80}]}]\n"
	}
	w.serve("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec:\n  gatewayClassName: c\n  listeners:\n" +
		"  - {name: h2c, port: 8080, protocol: HTTP}\n  - {name: tls, port: 8443, protocol: HTTPS, hostname: s.ex.com, tls: {certificateRefs: [{name: own}]}}\n" +
		route("exact", "h2c", "  hostnames: [a.ex.com]\n") + route("wild", "h2c", "  hostnames: ['*.ex.com']\n") + route("any", "h2c", "") + route("secure", "tls", ""))
	for target, want := range map[string]string{
		"a.ex.com": "exact", "a.ex.com:8080": "exact", "b.ex.com": "wild", "A.ex.com": "exact", "b.c.ex.com:8080": "wild", "other.org": "any",
		"s.ex.com": "secure", "s.ex.com:8443": "secure", "s.ex.com:8080": "wild",
	} {
		if got, err := call(w.dialXDS("d/gw", target), "/p.S/M"); err != nil || got != want {
			t.Errorf("xds:///%s reaches %q, %v; want %s", target, got, err, want)
		}
	}
	// gRPC waits 15 seconds for a listener that is not there.
	ctx, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	if err := w.dialXDS("d/gw", "a.ex.com:8443").Invoke(ctx, "/p.S/M", &emptypb.Empty{}, &emptypb.Empty{}); err == nil {
		t.Error("a call to a host that the port has not was answered")
	}
	if said := w.heard(); !strings.Contains(said, `1 gRPC client "d/gw" asks for "a.ex.com:8443", for which Gateway d/gw has no route: expected *.ex.com:8080, *:8080, a.ex.com:8080, s.ex.com:8443`) {
		t.Errorf("the server says:\n%s", said)
	}
}

// TestGatewaysComeAndGo: a stream keeps its Gateway. When that goes, its listeners
// do, and another stream for it is refused rather than told of another Gateway.
func TestGatewaysComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.serve(gateway("a"))
	s := w.ads()
	next := func(r *discoveryv3.DiscoveryRequest) *discoveryv3.DiscoveryResponse {
		t.Helper()
		r.TypeUrl = envoy.ListenerType
		if err := s.Send(r); err != nil {
			t.Fatal(err)
		}
		got, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := next(&discoveryv3.DiscoveryRequest{Node: &corev3.Node{Id: "d/a"}})
	answer := func() *discoveryv3.DiscoveryRequest {
		return &discoveryv3.DiscoveryRequest{VersionInfo: got.VersionInfo, ResponseNonce: got.Nonce}
	}
	w.push(gateway("b"))
	if got = next(answer()); len(got.Resources) != 0 {
		t.Errorf("%d listeners of a Gateway that is gone", len(got.Resources))
	}
	other := w.ads()
	if err := other.Send(&discoveryv3.DiscoveryRequest{Node: &corev3.Node{Id: "d/a"}, TypeUrl: envoy.ListenerType}); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if _, err := other.Recv(); status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "Gateway d/a, which is gone: expected one of d/b") {
		t.Errorf("a node id of a Gateway that is gone: %v", err)
	}
	w.push(gateway("a") + "---\n" + gateway("b"))
	if got = next(answer()); len(got.Resources) != 1 {
		t.Errorf("%d listeners of a Gateway that is back", len(got.Resources))
	}
}
