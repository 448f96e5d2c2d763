package agreement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// gaps has, line by line, what proxies cannot be told.
const gaps = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec:
  gatewayClassName: c
  listeners:
  - {name: a, port: 80, protocol: HTTP}
  - {name: b, port: 81, protocol: TCP}
  - {name: c, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: missing}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec:
  parentRefs: [{name: gw, sectionName: a}]
  rules:
  - matches:
    - method: {service: p.Host}
      headers:
      - {name: host, value: a}
    - method: {service: p.Bar}
      headers: [{name: 'x!y', value: a}]
    - method: {service: p.Empty}
      headers: [{type: RegularExpression, name: k, value: 'a*'}]
    backendRefs:
    - {name: s, port: 1}
  - matches: [{method: {service: p.Filters}}]
    filters:
    - {type: RequestMirror, requestMirror: {backendRef: {name: s, port: 1}}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: server, value: a}]}}
    - {type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: k, value: a}]}}
    backendRefs:
    - {name: s, port: 1}
  - matches: [{method: {service: p.Extension}}]
    filters:
    - {type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}
    sessionPersistence: {type: Header}
    backendRefs:
    - {name: s, port: 1}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: large, namespace: d}
spec:
  parentRefs: [{name: gw, sectionName: a}]
  hostnames: [x.ex.com]
  rules:
  - matches:
    - method: {type: RegularExpression, service: '([ab][cd]){1000}'}
    - method: {type: RegularExpression, service: 'é+|([ab]c){250}|p'}
    backendRefs:
    - {name: s, port: 1}
`

// SaysLost compares what a translation of some gaps says is lost, each as
// "LINE:COLUMN field: message", with the beginnings of what it has to say.
func (p *Target) SaysLost(t *testing.T, want ...string) {
	t.Helper()
	table := Compile(t, gaps, profile.Spec)
	_, notes, _, err := p.Translate([]*routing.Table{table}, plan.Options{Listen: map[string]string{}, Backends: map[string][]string{"d/s:1": {"127.0.0.1:9"}}})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range notes {
		if n := &notes[i]; n.Severity == diag.Warning {
			out = append(out, fmt.Sprintf("%d:%d %s: %s", n.Range.Start.Line, n.Range.Start.Column, n.Field, n.Message))
		}
	}
	for i := range max(len(out), len(want)) {
		if i >= len(out) || i >= len(want) || !strings.HasPrefix(out[i], want[i]) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(out, "\n"), strings.Join(want, "\n"))
		}
	}
}

// FailClosed makes calls that matches of the gaps may be meant for: they fail, and
// those beside them do not.
func (p *Target) FailClosed(t *testing.T) {
	p.Need(t)
	table := Compile(t, gaps, profile.Spec)
	address := Addresses(t, 1)[0]
	p.start(t, table, plan.Options{Listen: map[string]string{"d/gw:80": address}, Backends: map[string][]string{"d/s:1": {Backend(t, "0")}}}, address)
	for _, c := range []struct {
		authority, service string
		want               codes.Code
	}{
		{"a", "p.Host", codes.Unknown}, {"a", "p.Bar", codes.Unknown}, {"a", "p.Empty", codes.Unimplemented}, {"a", "p.Filters", codes.OK},
		{"a", "p.Extension", codes.Unknown}, {"a", "q", codes.Unimplemented},
		{"x.ex.com", "p", codes.OK}, {"x.ex.com", strings.Repeat("bc", 250), codes.OK}, {"x.ex.com", "q", codes.Unknown},
	} {
		err := callOnce(address, "/"+c.service+"/M", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(c.authority))
		if status.Code(err) != c.want {
			t.Errorf("%.20s at %s: %v, want %s", c.service, c.authority, err, c.want)
		}
	}
}
