package kgateway_test

import (
	"fmt"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/kgateway"
	"google.golang.org/protobuf/encoding/protojson"
)

// TestCases compares what is written, and what is said of it, with the cases of
// testdata.
func TestCases(t *testing.T) {
	golden.Run(t, "testdata", func(t *testing.T, c *golden.Case) {
		in, _ := c.File("in.yaml")
		table := routing.Compile(topology.Resolve(read(t, in), topology.Options{Profile: profile.KGateway, Assume: topology.AssumeAbsent}))
		r, notes, err := kgateway.Translate(table, kgateway.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := kgateway.JSON(r)
		if err == nil {
			text, err = render.Configuration(text, "yaml")
		}
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		for i := range notes {
			n := &notes[i]
			fmt.Fprintf(&said, "%s: %s: %s [%s %s]\n", n.Range, n.Severity, n.Message, n.Object, n.Field)
		}
		c.Want(t, "want.yaml", string(text))
		c.Want(t, "notes", said.String())
	})
}

// TestListIsADiscoveryResponse: protojson reads the list, with every resource.
func TestListIsADiscoveryResponse(t *testing.T) {
	r, _, err := kgateway.Translate(compile(read(t, randomText(1))), kgateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := kgateway.JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	var got discoveryv3.DiscoveryResponse
	if err := protojson.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if n := len(r.Listeners) + len(r.Routes) + len(r.Clusters); n < 3 || len(got.Resources) != n {
		t.Errorf("%d resources, want %d", len(got.Resources), n)
	}
	var last clusterv3.Cluster
	if err := got.Resources[len(got.Resources)-1].UnmarshalTo(&last); err != nil || last.Name != r.Clusters[len(r.Clusters)-1].Name {
		t.Errorf("the last resource is %q: %v", last.Name, err)
	}
}

const two = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: a, namespace: d}
spec: {gatewayClassName: kgateway, listeners: [{name: a, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: b, namespace: d}
spec: {gatewayClassName: kgateway, listeners: [{name: a, port: 81, protocol: HTTP}]}
`

// TestOneGateway: each has an Envoy of its own.
func TestOneGateway(t *testing.T) {
	table := compile(read(t, two))
	if _, _, err := kgateway.Translate(table, kgateway.Options{}); err == nil || !strings.Contains(err.Error(), "choose one of d/a, d/b") {
		t.Errorf("two Gateways: %v", err)
	}
	if _, _, err := kgateway.Translate(table, kgateway.Options{Gateway: "d/c"}); err == nil || !strings.Contains(err.Error(), "no Gateway d/c: there is d/a, d/b") {
		t.Errorf("a Gateway that there is not: %v", err)
	}
	r, _, err := kgateway.Translate(table, kgateway.Options{Gateway: "d/b"})
	if err != nil || len(r.Listeners) != 1 || r.Listeners[0].Name != "listener~81" {
		t.Errorf("%v: %v", err, r)
	}
	if r, _, err := kgateway.Translate(compile(&manifest.Set{}), kgateway.Options{}); err != nil || len(r.Listeners) > 0 {
		t.Errorf("no Gateway: %v %v", err, r)
	}
}

// BenchmarkTranslate10000 writes the text of many routes.
func BenchmarkTranslate10000(b *testing.B) {
	var in strings.Builder
	in.WriteString(strings.SplitN(two, "---", 2)[0])
	for i := range 10_000 {
		fmt.Fprintf(&in, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d}\n"+
			"spec: {parentRefs: [{name: a}], hostnames: [h%d.org], rules: [{matches: [{method: {service: a.B%d, method: C}}], backendRefs: [{name: s%d, port: 1}]}]}\n", i, i%100, i, i%500)
	}
	table := compile(read(b, in.String()))
	for b.Loop() {
		r, _, err := kgateway.Translate(table, kgateway.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if text, err := kgateway.JSON(r); err != nil || len(text) < 1_000_000 {
			b.Fatal(len(text), err)
		}
	}
}
