package agreement

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// oddRoutes have rules for paths that differ in case, in escapes, or are none of
// gRPC calls, by host.
const oddRoutes = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec: {gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.ex.com]
  rules:
  - {matches: [{method: {service: p.A, method: Get}}], backendRefs: [{name: s0, port: 1}]}
  - {matches: [{method: {service: p.A, method: get}}], backendRefs: [{name: s1, port: 1}]}
  - {matches: [{method: {service: p.a, method: Get}}], backendRefs: [{name: s2, port: 1}]}
  - {matches: [{method: {service: p.A}}], backendRefs: [{name: s3, port: 1}]}
  - {matches: [{method: {type: RegularExpression, service: '.*', method: '.*'}}], backendRefs: [{name: s4, port: 1}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: any, namespace: d}
spec:
  parentRefs: [{name: gw}]
  hostnames: ['*.any.com']
  rules:
  - {matches: [{method: {service: p.A}}], backendRefs: [{name: s3, port: 1}]}
  - {backendRefs: [{name: s4, port: 1}]}
`

// oddValues are values of headers that a configuration language may read in another
// way.
var oddValues = []string{"}", "{", "'", `"`, "$host", "${dollar}", "%[src]", "a b", `\`, `\n`, "#", ";", "~^a", "!", "||", "--", "-m", `it's "a" $b %c {d}; \e #f`, "a,b", "default"}

// valued returns a rule for each odd value, one that changes headers to it, and one
// with many headers.
func valued() string {
	var b strings.Builder
	b.WriteString("---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: values, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [values.ex.com]\n  rules:\n  - matches:\n")
	for i, value := range oddValues {
		text, _ := json.Marshal(value) // of a string, which never fails
		fmt.Fprintf(&b, "    - {method: {service: p.V%d}, headers: [{name: h, value: %s}]}\n", i, text)
	}
	b.WriteString("    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [")
	for i, value := range oddValues {
		text, _ := json.Marshal(value)
		if i < 16 {
			fmt.Fprintf(&b, "{name: s%d, value: %s}, ", i, text)
		}
	}
	b.WriteString("]}}]\n    backendRefs: [{name: s0, port: 1}]\n  - matches:\n    - headers: [")
	for i := range 12 {
		fmt.Fprintf(&b, "{name: k%d, value: '}'}, ", i)
	}
	b.WriteString("]\n    backendRefs: [{name: s1, port: 1}]\n")
	return b.String()
}

// OddValues makes calls with odd values of headers.
func (p *Target) OddValues(t *testing.T) {
	p.Need(t)
	table := Compile(t, oddRoutes+valued(), profile.Spec)
	a := p.compare(t, 5)
	g := a.Open([]*routing.Table{table})
	defer g.Close()
	for i := range oddValues {
		for _, value := range oddValues {
			g.Call(table, &routing.Request{
				Gateway: "d/gw", Port: 80, Authority: "values.ex.com", Path: fmt.Sprintf("/p.V%d/M", i), Headers: []routing.Header{{Name: "h", Value: value}},
			})
		}
	}
	r := &routing.Request{Gateway: "d/gw", Port: 80, Authority: "values.ex.com", Path: "/p.A/Get"}
	for i := range 12 {
		g.Call(table, r)
		r.Headers = append(r.Headers, routing.Header{Name: fmt.Sprintf("k%d", i), Value: "}"})
	}
	g.Call(table, r)
	if a.Routed != len(oddValues)+1 {
		t.Errorf("%d calls were routed, want %d", a.Routed, len(oddValues)+1)
	}
}

// oddPaths are paths that somebody may read in another way.
var oddPaths = []string{
	"/p.A/Get", "/p.A/get", "/p.a/Get", "/p.a/get", "/P.A/GET", "/p.A/x", "/p.A/Get/", "/p.A/Get/x", "//p.A/Get", "/p.A//Get", "/p.A", "/p.A/", "/", "/x",
	"/p.A/Get?x=1", "/p.A/Get?", "/p.A?/Get", "/p.%41/Get", "/%70.A/Get", "/p.A%2FGet", "/p.A/%47et", "/p.A/Get%00", "/p.A/Get%", "/p.A/%zz",
	"/./p.A/Get", "/p.A/./Get", "/x/../p.A/Get", "/../p.A/Get", "/p.A/..", "/p.A/Get;x", "/p.A;x/Get", "/p.A/Get#x", "/p.A/Get$x", `/p.A/Get\x`, "/p.A+/Get",
}

// OddPaths makes calls whose paths are odd. A proxy may refuse one as no HTTP, and
// must not send it elsewhere.
func (p *Target) OddPaths(t *testing.T) {
	p.Need(t)
	table := Compile(t, oddRoutes, profile.Spec)
	a := p.compare(t, 5)
	g := a.Open([]*routing.Table{table})
	defer g.Close()
	refused := 0
	for _, authority := range []string{"a.ex.com", "x.any.com", "A.EX.com:80", "x.y.any.com", "any.com", "10.0.0.1", "[::1]:80"} {
		for _, path := range oddPaths {
			r := &routing.Request{Gateway: "d/gw", Port: 80, Authority: authority, Path: path}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			var head metadata.MD
			err := g.planes[0].Client("d/gw:80", r).Invoke(ctx, path, &emptypb.Empty{}, &emptypb.Empty{}, grpc.CallAuthority(authority), grpc.Header(&head))
			cancel()
			switch {
			case status.Code(err) == codes.Internal && len(head.Get("backend")) == 0:
				refused++
			case strings.Contains(status.Convert(err).Message(), "malformed method name"): // says a backend, which tells no name
				if got := table.Lookup(r); got.Outcome != routing.Routed {
					t.Errorf("%s at %s reached a backend, and is %s", path, authority, got.Outcome)
				}
			default:
				g.Call(table, r)
			}
		}
	}
	if refused > a.Calls/4 {
		t.Errorf("%d of %d paths were refused", refused, refused+a.Calls)
	}
}
