package admission_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"sigs.k8s.io/yaml"
)

func server(t testing.TB, version, channel string) *admission.Server {
	t.Helper()
	s, err := admission.New(version, channel)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(t testing.TB, text string) *manifest.Document {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	v = integers(v).(map[string]any)
	return &manifest.Document{Ref: diag.Ref{APIVersion: fmt.Sprint(v["apiVersion"]), Kind: fmt.Sprint(v["kind"]), Namespace: "default"}, Value: v}
}

func TestVersions(t *testing.T) {
	if d := cmp.Diff([]string{"1.1", "1.2", "1.3", "1.4", "1.5", "1.6"}, admission.Versions()); d != "" {
		t.Errorf("versions (-want +got):\n%s", d)
	}
	for _, bad := range [][2]string{{"1.0", "standard"}, {"v1.6.3", "standard"}, {"1.6", "alpha"}, {"", ""}} {
		_, err := admission.New(bad[0], bad[1])
		if err == nil || !strings.Contains(err.Error(), "expected one of") {
			t.Errorf("New(%q, %q): %v, want an error that lists what is allowed", bad[0], bad[1], err)
		}
	}
}

// TestKnown follows the definitions through the releases.
func TestKnown(t *testing.T) {
	const g, x = "gateway.networking.k8s.io/", "gateway.networking.x-k8s.io/"
	tests := []struct {
		version, channel, apiVersion, kind string
		wantKind, wantVersion              bool
	}{
		{"1.6", "standard", g + "v1", "GRPCRoute", true, true},
		{"1.6", "standard", g + "v1alpha2", "GRPCRoute", true, false},
		{"1.1", "standard", g + "v1alpha2", "GRPCRoute", true, false},
		{"1.1", "experimental", g + "v1alpha2", "GRPCRoute", true, true},
		{"1.4", "standard", g + "v1", "ReferenceGrant", true, false},
		{"1.5", "standard", g + "v1", "ReferenceGrant", true, true},
		{"1.3", "standard", g + "v1alpha3", "BackendTLSPolicy", false, false},
		{"1.3", "experimental", g + "v1alpha3", "BackendTLSPolicy", true, true},
		{"1.4", "standard", g + "v1", "BackendTLSPolicy", true, true},
		{"1.4", "standard", g + "v1alpha3", "BackendTLSPolicy", true, false},
		{"1.4", "standard", g + "v1", "ListenerSet", false, false},
		{"1.5", "standard", g + "v1", "ListenerSet", true, true},
		{"1.4", "experimental", x + "v1alpha1", "XListenerSet", true, true},
		{"1.6", "standard", "networking.k8s.io/v1", "Ingress", false, false},
		{"1.6", "standard", "v1", "Service", false, false},
	}
	for _, tt := range tests {
		t.Run(strings.Join([]string{tt.version, tt.channel, tt.apiVersion, tt.kind}, " "), func(t *testing.T) {
			doc := &manifest.Document{Ref: diag.Ref{APIVersion: tt.apiVersion, Kind: tt.kind}, Value: map[string]any{}}
			s := server(t, tt.version, tt.channel)
			kind, version := s.Known(doc)
			if kind != tt.wantKind || version != tt.wantVersion {
				t.Errorf("Known = %v, %v, want %v, %v", kind, version, tt.wantKind, tt.wantVersion)
			}
			if f := s.Check(doc); !version && f != nil {
				t.Errorf("Check of what is not served: %v", f)
			}
		})
	}
}

func TestFields(t *testing.T) {
	const v1 = "gateway.networking.k8s.io/v1"
	std, exp := server(t, "1.6", "standard"), server(t, "1.6", "experimental")
	if d := cmp.Diff([]string{"headers", "method"}, std.FieldsAt(v1, "GRPCRoute", manifest.ParsePath("spec.rules[0].matches[3]"))); d != "" {
		t.Errorf("FieldsAt (-want +got):\n%s", d)
	}
	for _, path := range []string{"spec.rules[0].name", "spec.rules.name", "spec.nothing", "metadata.labels.a"} {
		if got := std.FieldsAt(v1, "GRPCRoute", manifest.ParsePath(path)); got != nil {
			t.Errorf("FieldsAt(%s) = %v, want none", path, got)
		}
	}
	session := manifest.ParsePath("spec.rules[0].sessionPersistence")
	for _, s := range []*admission.Server{std, exp} {
		if !s.ExperimentalOnly(v1, "GRPCRoute", session) || s.ExperimentalOnly(v1, "GRPCRoute", manifest.ParsePath("spec.rules[0].name")) {
			t.Errorf("%s: sessionPersistence is experimental, name is not", s.Channel())
		}
		if !s.ExperimentalOnly("", "XMesh", nil) || s.ExperimentalOnly("", "GRPCRoute", nil) || s.ExperimentalOnly("", "Service", nil) {
			t.Errorf("%s: XMesh is experimental, GRPCRoute and Service are not", s.Channel())
		}
	}
	if got, ok := std.Since("standard", v1, "GRPCRoute", manifest.ParsePath("spec.rules[0].name")); got != "1.4" || !ok {
		t.Errorf("rule names are standard since %q, want 1.4", got)
	}
	if got, ok := std.Since("standard", v1, "GRPCRoute", session); ok {
		t.Errorf("sessionPersistence is standard since %q, want never", got)
	}
	if d := cmp.Diff([]string{v1, "gateway.networking.k8s.io/v1beta1"}, std.ServedVersions("HTTPRoute")); d != "" {
		t.Errorf("ServedVersions (-want +got):\n%s", d)
	}
}

// TestPatterns has words for every pattern, and compiles each.
func TestPatterns(t *testing.T) {
	all, wordless := admission.Patterns()
	if len(all) < 20 {
		t.Fatalf("%d patterns in the artifact, want all of them", len(all))
	}
	for _, p := range wordless {
		t.Errorf("no words in shapes for the pattern %s", p)
	}
}

// TestConcurrent decodes and compiles the same schemas from many goroutines.
func TestConcurrent(t *testing.T) {
	doc := document(t, benchRoute)
	s, err := admission.Cold("1.6", "standard")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if f := s.Check(doc); len(f) > 0 {
				t.Errorf("%+v", f)
			}
		})
	}
	wg.Wait()
}
