package lint_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// groupRoute is a route of parents, hosts and matches in flow YAML.
func groupRoute(name, parent, hosts, matches string) string {
	return fmt.Sprintf("---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: %s, namespace: shop}\n"+
		"spec: {parentRefs: [{%s}], hostnames: [%s], rules: [{matches: [%s], backendRefs: [{name: b, port: 1}]}]}\n", name, parent, hosts, matches)
}

const (
	groupGateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\n" +
		"spec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}\n"
	onA = "method: {service: a.A}"
	onB = "method: {service: b.B}"
)

// TestGroups: routes that may meet are looked at together, and others are not.
func TestGroups(t *testing.T) {
	one := groupRoute("one", "name: g", "a.ex", "{"+onA+"}")
	kgateway := strings.Replace(groupGateway, "gatewayClassName: c", "gatewayClassName: kgateway", 1)
	nested := strings.Replace(groupGateway, "[{name: l, port: 80, protocol: HTTP}]",
		"[{name: l, port: 80, protocol: HTTP}, {name: m, port: 80, protocol: HTTP, hostname: a.ex}]", 1)
	tests := []struct {
		name, other string
		groups      int
	}{
		{"another host", groupRoute("two", "name: g", "b.ex", "{"+onA+"}"), 2},
		{"another service", groupRoute("two", "name: g", "a.ex", "{"+onB+"}"), 2},
		{"another parent", groupRoute("two", "name: h", "a.ex", "{"+onA+"}"), 2},
		{"the same service", groupRoute("two", "name: g", "b.ex, a.ex", "{"+onB+"}, {"+onA+", headers: [{name: x, value: z}]}"), 1},
		{"the same name", groupRoute("one", "name: h", "b.ex", "{"+onB+"}"), 1},
		{"any service", groupRoute("two", "name: g", "a.ex", ""), 1},
		{"a method of any service", groupRoute("two", "name: g", "a.ex", "{method: {method: M}}"), 1},
		{"a pattern", groupRoute("two", "name: g", "a.ex", "{method: {type: RegularExpression, service: b}}"), 1},
		{"any service elsewhere", groupRoute("two", "name: g", "b.ex", ""), 2},
		{"a wildcard", groupRoute("two", "name: g", "'*.ex'", "{"+onB+"}"), 1},
		{"a port", groupRoute("two", "name: g", "'a.ex:443'", "{"+onB+"}"), 1},
		{"another wildcard", groupRoute("two", "name: g", "'*.a'", "{"+onB+"}"), 2},
		{"any host", strings.Replace(groupRoute("two", "name: g", "", "{"+onB+"}"), "hostnames: [], ", "", 1), 1},
		{"an HTTPRoute", "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: two, namespace: shop}\n" +
			"spec: {parentRefs: [{name: g}], hostnames: [a.ex], rules: [{backendRefs: [{name: b, port: 1}]}]}\n", 1},
		{"reflection of two versions", groupRoute("two", "name: g", "c.ex", "{method: {service: grpc.reflection.v1.ServerReflection}}") +
			groupRoute("three", "name: g", "c.ex", "{method: {service: grpc.reflection.v1alpha.ServerReflection}}"), 2},
		{"all Gateways by default", "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: two, namespace: shop}\n" +
			"spec: {useDefaultGateways: All, hostnames: [z.ex], rules: [{matches: [{" + onB + "}]}]}\n", 1},
		{"a listener inside another", "---\n" + nested + groupRoute("two", "name: g", "a.ex", "{"+onB+"}"), 1},
		{"a pattern that may block all", "---\n" + kgateway + groupRoute("two", "name: g", "b.ex", "{method: {type: RegularExpression, service: b}}"), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := inGroups(t, groupGateway+one+tt.other).Groups; got != tt.groups {
				t.Errorf("%d groups, want %d", got, tt.groups)
			}
		})
	}
}

// inGroups lints a text as a large input.
func inGroups(t *testing.T, text string) *lint.Result {
	t.Helper()
	reading, err := lint.NewReading("", "experimental")
	if err != nil {
		t.Fatal(err)
	}
	o := manifest.Options{ShelveFrom: 1}
	reading.Watch(&o)
	done := 0
	r, err := lint.RunRead(loadFile(t, text, o), reading, rules.All, lint.Options{GroupRoutes: 1, Progress: func(n, of int) {
		if done = n; n > of {
			t.Errorf("%d routes of %d", n, of)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text, "Route\n"); done != n || r.Groups > n {
		t.Errorf("%d of %d routes were looked at, in %d groups", done, n, r.Groups)
	}
	return r
}

func loadFile(t *testing.T, text string, o manifest.Options) *manifest.Set {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := manifest.Load([]string{path}, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestNotWatched: a set whose routes are not held needs who watched it.
func TestNotWatched(t *testing.T) {
	set := loadFile(t, groupGateway+groupRoute("one", "name: g", "a.ex", "{"+onA+"}"), manifest.Options{
		ShelveFrom: 1, Shelve: func(*manifest.Document, metav1.Object) (int, bool) { return 0, true },
	})
	if _, err := lint.Run(set, rules.All, lint.Options{}); err == nil || !strings.Contains(err.Error(), "not watched") {
		t.Errorf("error %v", err)
	}
}

// TestChangedMeanwhile: a file that changes between its two readings ends the run.
func TestChangedMeanwhile(t *testing.T) {
	reading, err := lint.NewReading("", "")
	if err != nil {
		t.Fatal(err)
	}
	o := manifest.Options{ShelveFrom: 1, ShelveBehind: -1}
	reading.Watch(&o)
	set := loadFile(t, groupRoute("one", "name: g", "a.ex", "{"+onA+"}"), o)
	if err := os.WriteFile(set.Files[0].Name, []byte("a: b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = lint.RunRead(set, reading, rules.All, lint.Options{})
	if changed := (*lint.ReadError)(nil); !errors.As(err, &changed) || !strings.Contains(err.Error(), "run the command once more") {
		t.Errorf("error %v", err)
	}
}
