package cmd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// tunnelled are manifests of which the tunnel's proxy is told everything.
var tunnelled = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 9000", "kind: ConfigMap, name: s3, port: 80",
		"name: s4, namespace: other, port: 80", "kind: ServiceImport, group: multicluster.x-k8s.io, name: s5, port: 80"},
	Filters: []string{"", "", "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], remove: [e]}}",
		"{type: RequestMirror, requestMirror: {backendRef: {name: s0, port: 80}}}"},
	BackendFilters: []string{"", "{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: c, value: d}]}}"},
}

var (
	backendList = regexp.MustCompile(`backendRefs: \[.*\]`)
	weight      = regexp.MustCompile(`weight: [1-9]`)
)

// decided leaves each rule at most one backend with a weight, so that chance has no
// part in where a call goes.
func decided(text string) string {
	return backendList.ReplaceAllStringFunc(text, func(list string) string {
		seen := false
		return weight.ReplaceAllStringFunc(list, func(w string) string {
			if seen {
				return "weight: 0"
			}
			seen = true
			return w
		})
	})
}

// translated is the configuration that a controller would push for manifests.
func translated(t *testing.T, text string) string {
	t.Helper()
	set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(text)}}, manifest.Options{})
	if len(set.Problems) > 0 {
		t.Fatalf("%s\n%s", set.Problems[0].Message, text)
	}
	table := routing.Compile(topology.Resolve(set, topology.Options{Profile: profile.CloudflareTunnel, Assume: topology.AssumePresent}))
	config, _ := cloudflare.Translate(table, cloudflare.Options{Version: 1})
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestServeConfigAgrees: manifests under the controller's profile, and the
// configuration that the controller would push for them, answer calls alike.
func TestServeConfigAgrees(t *testing.T) {
	const inputs, calls = 20, 100
	kinds := map[string]int{}
	for seed := range uint64(inputs) {
		dir := t.TempDir()
		text := decided(random.New(seed).Manifests(tunnelled))
		config := translated(t, text)
		put(t, filepath.Join(dir, "all.yaml"), text)
		put(t, filepath.Join(dir, "proxy.json"), config)
		const tunnel = "cloudflare-tunnel"
		a := startServe(t, "--mock", "--access-log", "off", "--profile", tunnel, "--assume", "present", "--gateway-address", "d/gw=127.0.0.1:0", filepath.Join(dir, "all.yaml"))
		b := startServe(t, "--mock", "--access-log", "off", "--listen", "127.0.0.1:0", "--config", filepath.Join(dir, "proxy.json"))
		manifested, configured := dial(t, a.told(t, `^Gateway d/gw :\d+ → (\S+),`)[1]), dial(t, b.proxySocket(t))
		source := random.New(1000 + seed)
		for range calls {
			q := source.Call()
			got, want := outcome(t, configured, &q), outcome(t, manifested, &q)
			if got != want {
				t.Errorf("seed %d: %s%s %v: by manifests %s, by the configuration %s\n%s\n%s", seed, q.Authority, q.Path, q.Headers, want, got, text, config)
				return
			}
			kinds[want]++
		}
		a.end()
		b.end()
	}
	if len(kinds) < 6 {
		t.Errorf("only these outcomes: %v", kinds)
	}
	t.Logf("outcomes: %v", kinds)
}

// outcome is what a call comes to: its status, and the backend that gave it.
func outcome(t *testing.T, cc *grpc.ClientConn, q *routing.Request) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, h := range q.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, h.Name, h.Value)
	}
	var header, trailer metadata.MD
	err := cc.Invoke(ctx, q.Path, &testpb.Empty{}, &testpb.Empty{}, grpc.CallAuthority(q.Authority), grpc.Header(&header), grpc.Trailer(&trailer))
	all := metadata.Join(header, trailer)
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", status.Code(err), strings.Join(all.Get("grpcroute-backend"), ","), strings.Join(all.Get("c"), ",")))
}
