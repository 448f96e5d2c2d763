package topology_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// load reads manifests, which must be readable.
func load(t testing.TB, yaml ...string) *manifest.Set {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(strings.Join(yaml, "\n---\n"))})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range set.Problems {
		if d.Severity == diag.Error && len(set.Broken) == 0 {
			t.Fatalf("%s: %s", d.Range, d.Message)
		}
	}
	return set
}

func resolve(t testing.TB, p *profile.Profile, yaml ...string) *topology.Topology {
	t.Helper()
	return topology.Resolve(load(t, yaml...), topology.Options{Profile: p})
}

// route returns the only GRPCRoute of that name.
func route(t testing.TB, top *topology.Topology, name string) *topology.Route {
	t.Helper()
	for _, r := range top.Routes {
		if r.Name == name && r.Kind == "GRPCRoute" {
			return r
		}
	}
	t.Fatalf("no GRPCRoute %q", name)
	return nil
}

// certainty shows a refusal in one word: "" for none, a question mark where the
// input does not show it, a tilde where it is assumed.
func word(r *topology.Refusal) string {
	if r == nil {
		return ""
	}
	reason := r.Reason
	if reason == "" {
		reason = "-"
	}
	switch r.Certainty {
	case diag.Unknown:
		return reason + "?"
	case diag.Assumed:
		return reason + "~"
	}
	return reason
}

// grpcRoute writes a GRPCRoute; spec is indented by two.
func grpcRoute(namespace, name, spec string) string {
	return object("gateway.networking.k8s.io/v1", "GRPCRoute", namespace, name, "spec:\n"+spec)
}

func object(apiVersion, kind, namespace, name, rest string) string {
	text := "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n"
	if namespace != "" {
		text += "  namespace: " + namespace + "\n"
	}
	return text + rest
}

func gateway(namespace, name, listeners string) string {
	return object("gateway.networking.k8s.io/v1", "Gateway", namespace, name, "spec:\n  gatewayClassName: c\n  listeners:\n"+listeners)
}

func service(namespace, name, ports string) string {
	return object("v1", "Service", namespace, name, "spec:\n  ports:\n"+ports)
}
