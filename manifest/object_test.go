package manifest_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
)

func read(t *testing.T, texts ...string) *manifest.Set {
	t.Helper()
	var files []*manifest.File
	for i, text := range texts {
		files = append(files, &manifest.File{Name: fmt.Sprintf("%d.yaml", i), Data: []byte(text)})
	}
	return manifest.Read(files, manifest.Options{})
}

// TestKinds reads one object of each kind and version, and finds it in its index.
func TestKinds(t *testing.T) {
	const gw = "gateway.networking.k8s.io/"
	tests := []struct {
		apiVersion, kind string
		cluster          bool
		found            func(s *manifest.Set, namespace string) bool
	}{
		{gw + "v1", "GatewayClass", true, func(s *manifest.Set, ns string) bool { return s.GatewayClasses.Get(ns, "a") != nil }},
		{gw + "v1beta1", "GatewayClass", true, func(s *manifest.Set, ns string) bool { return s.GatewayClasses.Get(ns, "a") != nil }},
		{gw + "v1", "Gateway", false, func(s *manifest.Set, ns string) bool { return s.Gateways.Get(ns, "a") != nil }},
		{gw + "v1beta1", "Gateway", false, func(s *manifest.Set, ns string) bool { return s.Gateways.Get(ns, "a") != nil }},
		{gw + "v1alpha2", "Gateway", false, func(s *manifest.Set, ns string) bool { return s.Gateways.Get(ns, "a") != nil }},
		{gw + "v1", "ListenerSet", false, func(s *manifest.Set, ns string) bool { return s.ListenerSets.Get(ns, "a") != nil }},
		{gw + "v1", "GRPCRoute", false, func(s *manifest.Set, ns string) bool { return s.GRPCRoutes.Get(ns, "a") != nil }},
		{gw + "v1alpha2", "GRPCRoute", false, func(s *manifest.Set, ns string) bool { return s.GRPCRoutes.Get(ns, "a") != nil }},
		{gw + "v9", "GRPCRoute", false, func(s *manifest.Set, ns string) bool { return s.GRPCRoutes.Get(ns, "a") != nil }},
		{gw + "v1", "HTTPRoute", false, func(s *manifest.Set, ns string) bool { return s.HTTPRoutes.Get(ns, "a") != nil }},
		{gw + "v1beta1", "HTTPRoute", false, func(s *manifest.Set, ns string) bool { return s.HTTPRoutes.Get(ns, "a") != nil }},
		{gw + "v1", "ReferenceGrant", false, func(s *manifest.Set, ns string) bool { return s.ReferenceGrants.Get(ns, "a") != nil }},
		{gw + "v1beta1", "ReferenceGrant", false, func(s *manifest.Set, ns string) bool { return s.ReferenceGrants.Get(ns, "a") != nil }},
		{gw + "v1", "BackendTLSPolicy", false, func(s *manifest.Set, ns string) bool { return s.BackendTLSPolicies.Get(ns, "a") != nil }},
		{gw + "v1alpha3", "BackendTLSPolicy", false, func(s *manifest.Set, ns string) bool { return s.BackendTLSPolicies.Get(ns, "a") != nil }},
		{"v1", "Service", false, func(s *manifest.Set, ns string) bool { return s.Services.Get(ns, "a") != nil }},
		{"multicluster.x-k8s.io/v1alpha1", "ServiceImport", false, func(s *manifest.Set, ns string) bool { return s.ServiceImports.Get(ns, "a") != nil }},
		{"discovery.k8s.io/v1", "EndpointSlice", false, func(s *manifest.Set, ns string) bool { return s.EndpointSlices.Get(ns, "a") != nil }},
		{"v1", "Namespace", true, func(s *manifest.Set, ns string) bool { return s.Namespaces.Get(ns, "a") != nil }},
		{"v1", "Secret", false, func(s *manifest.Set, ns string) bool { return s.Secrets.Get(ns, "a") != nil }},
		{"v1", "ConfigMap", false, func(s *manifest.Set, ns string) bool { return s.ConfigMaps.Get(ns, "a") != nil }},
		{"apps/v1", "Deployment", false, func(s *manifest.Set, ns string) bool { return s.Deployments.Get(ns, "a") != nil }},
	}
	for _, tt := range tests {
		t.Run(tt.apiVersion+" "+tt.kind, func(t *testing.T) {
			text := fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata:\n  name: a\n", tt.apiVersion, tt.kind)
			for given, namespaced := range map[string]string{"": "shop", "  namespace: own\n": "own"} {
				if tt.cluster {
					namespaced = ""
				}
				set := manifest.Read([]*manifest.File{{Name: "a", Data: []byte(text + given)}}, manifest.Options{Namespace: "shop"})
				if !tt.found(set, namespaced) || len(set.Broken)+len(set.Problems)+len(set.Ignored) > 0 {
					t.Fatalf("not found in namespace %q: broken %v, problems %v, ignored %v", namespaced, set.Broken, set.Problems, set.Ignored)
				}
				ref := set.Documents[0].Ref
				if ref.APIVersion != tt.apiVersion || ref.Kind != tt.kind || ref.Name != "a" || ref.Namespace != namespaced {
					t.Errorf("ref %+v", ref)
				}
			}
		})
	}
}

func TestIgnored(t *testing.T) {
	set := read(t, "apiVersion: example.com/v1\nkind: GatewayClass\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\n---\napiVersion: v1\nkind: Deployment\n")
	want := map[string]int{"example.com/v1, Kind=GatewayClass": 1, "networking.istio.io/v1, Kind=Gateway": 1, "v1, Kind=Deployment": 1}
	if diff := cmp.Diff(want, set.Ignored); diff != "" || len(set.Documents) > 0 {
		t.Errorf("%d documents, ignored (-want +got):\n%s", len(set.Documents), diff)
	}
}

// TestBroken: what does not fit the Go type is kept for admission to explain.
func TestBroken(t *testing.T) {
	route := "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: a}\nspec:\n"
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n"
	for name, tt := range map[string]struct{ text, want string }{
		"boolean for a string":  {route + "  rules: [{matches: [{headers: [{name: a, value: y}]}]}]\n", "bool"},
		"number for a string":   {route + "  hostnames: [1]\n", "number"},
		"list for a mapping":    {route + "  rules: {}\n", "object"},
		"string for a mapping":  {route + "  rules: [a]\n", "string"},
		"a fraction":            {service + "  ports: [{port: 80.5}]\n", "80.5"},
		"beyond int32":          {service + "  ports: [{port: 4294967376}]\n", "4294967376"},
		"beyond int64":          {service + "  ports: [{port: 1e30}]\n", "1e+30"},
		"a name that is none":   {strings.Replace(service, "name: a", "name: 1", 1) + "  ports: []\n", "number"},
		"metadata":              {"apiVersion: v1\nkind: Service\nmetadata: a\n", "string"},
		"another shape":         {"apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: BackendTLSPolicy\nmetadata: {name: a}\n", "another shape"},
		"Secret not in base 64": {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: 'hunter2!'}\n", "illegal base64"},
		"JSON":                  {`{"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80.5}]}}`, "80.5"},
	} {
		t.Run(name, func(t *testing.T) {
			set := read(t, tt.text)
			if len(set.Documents) != 1 || len(set.Broken) != 1 || len(set.GRPCRoutes.All)+len(set.Services.All)+len(set.Secrets.All)+len(set.BackendTLSPolicies.All) > 0 {
				t.Fatalf("documents %v, broken %v", set.Documents, set.Broken)
			}
			err := set.Broken[0].DecodeError
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if len(set.Problems) > 0 {
				t.Errorf("problems %v: admission reports it", set.Problems)
			}
		})
	}
}

func TestNumbersThatFit(t *testing.T) {
	for _, port := range []string{"80", "80.0", "8e1", "0x50", "0120"} {
		set := read(t, "apiVersion: v1\nkind: Service\nmetadata: {name: a, generation: 9000000000}\nspec: {ports: [{port: "+port+"}]}\n")
		if len(set.Services.All) != 1 || set.Services.All[0].Value.Spec.Ports[0].Port != 80 || set.Services.All[0].Value.Generation != 9000000000 {
			t.Errorf("port %s: broken %v", port, set.Broken)
		}
	}
}

func TestReplaced(t *testing.T) {
	object := func(name, data string) string {
		return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: " + name + "\ndata: {a: " + data + "}\n"
	}
	set := read(t,
		object("{name: a}", "one")+object("{name: b}", "two"),
		object("{name: a, namespace: default}", "three")+object("{name: a, namespace: x}", "four")+object("{generateName: a}", "five")+object("{generateName: a}", "six"),
		object("{name: a}", "1")+object("{name: a}", "seven"))
	var all []string
	for _, o := range set.ConfigMaps.All {
		all = append(all, o.Value.Data["a"])
	}
	if want := []string{"two", "four", "five", "six", "seven"}; !slices.Equal(all, want) {
		t.Errorf("objects %v, want %v", all, want)
	}
	var replaced []string
	for _, d := range set.Replaced {
		replaced = append(replaced, d.Range().String())
	}
	if want := []string{"0.yaml:2:1", "1.yaml:2:1"}; !slices.Equal(replaced, want) {
		t.Errorf("replaced %v, want %v", replaced, want)
	}
	if got := set.ConfigMaps.Get("default", "a"); got == nil || got.Value.Data["a"] != "seven" || set.ConfigMaps.Get("default", "") != nil {
		t.Errorf("found %v", got)
	}
	// The one that fits no type would be refused: it replaces nothing.
	if len(set.Broken) != 1 || len(set.Documents) != 8 {
		t.Errorf("broken %v of %d documents", set.Broken, len(set.Documents))
	}
}

func TestLists(t *testing.T) {
	for name, text := range map[string]string{
		"List":           "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: b}\n",
		"typed list":     "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n",
		"List in a List": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]\n- apiVersion: v1\n  kind: ConfigMapList\n  items: [{metadata: {name: b}}]\n",
		"JSON":           `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			set := read(t, text)
			if len(set.ConfigMaps.All) != 2 || len(set.Problems) > 0 {
				t.Fatalf("%d objects, problems %v", len(set.ConfigMaps.All), set.Problems)
			}
			for i, d := range set.Documents {
				want := string(rune('a' + i))
				r := d.Range("metadata", "name")
				if got := strings.Trim(text[r.Start.Byte:r.End.Byte], `"`); d.Ref.Name != want || got != want {
					t.Errorf("object %d is %v, its name is at %q", i, d.Ref, got)
				}
				checkPositions(t, d)
			}
		})
	}
	for _, text := range []string{"apiVersion: v1\nkind: List\nitems:\n", "apiVersion: v1\nkind: List\nitems: []\n", "apiVersion: v1\nkind: PodList\nitems: [{}]\n"} {
		if set := read(t, text); len(set.Documents)+len(set.Problems) > 0 {
			t.Errorf("%q: %v, %v", text, set.Documents, set.Problems)
		}
	}
}

// TestLargeLists: the items of a large List are read one by one. It must show in
// nothing but memory.
func TestLargeLists(t *testing.T) {
	item := func(i int) string {
		return strings.TrimSuffix(strings.Replace(route(i), "  namespace: shop\n", "  namespace: shop\n  annotations:\n    text: |\n      - a\n\n      items:\n", 1), "\n")
	}
	const n = 600
	layouts := map[string]func(w *bytes.Buffer){
		"kubectl": func(w *bytes.Buffer) {
			w.WriteString("apiVersion: v1\nitems:\n")
			for i := range n {
				w.WriteString("- " + strings.ReplaceAll(item(i), "\n", "\n  ") + "\n")
			}
			w.WriteString("kind: List\nmetadata:\n  resourceVersion: \"\"\n")
		},
		"indented, with comments": func(w *bytes.Buffer) {
			w.WriteString("# all\nkind: GRPCRouteList\napiVersion: gateway.networking.k8s.io/v1\nitems: # here\n\n")
			for i := range n {
				fmt.Fprintf(w, "# item %d\n    -\n      # head\n      %s\n", i, strings.ReplaceAll(item(i), "\n", "\n      "))
			}
		},
		"anchors across items": func(w *bytes.Buffer) {
			w.WriteString("apiVersion: v1\nkind: List\nitems:\n")
			for i := range n {
				text := item(i)
				if i == 0 {
					text = strings.Replace(text, "labels:\n", "labels: &l\n", 1)
				} else {
					text = strings.Replace(text, "labels:\n    app: orders", "labels: *l", 1)
				}
				w.WriteString("- " + strings.ReplaceAll(text, "\n", "\n  ") + "\n")
			}
		},
		"JSON": func(w *bytes.Buffer) {
			w.WriteString("{\"kind\": \"List\", \"x\": {\"items\": [1]}, \"items\": [")
			for i := range n {
				fmt.Fprintf(w, "%s{\"apiVersion\":\"gateway.networking.k8s.io/v1\",\"kind\":\"GRPCRoute\",\"metadata\":{\"name\":\"orders-%05d\",\"labels\":{\"app\":\"orders\",\"pad\":%q}}}", strings.Repeat(",\n", min(i, 1)), i, strings.Repeat("x]}", 200))
			}
			w.WriteString("], \"apiVersion\": \"v1\"}")
		},
	}
	for name, write := range layouts {
		t.Run(name, func(t *testing.T) {
			var w bytes.Buffer
			write(&w)
			if w.Len() < 256<<10 {
				t.Fatalf("only %d bytes: not a large list", w.Len())
			}
			set := read(t, w.String())
			if len(set.GRPCRoutes.All) != n || len(set.Problems) > 0 {
				t.Fatalf("%d routes, problems %v", len(set.GRPCRoutes.All), set.Problems)
			}
			for i, o := range set.GRPCRoutes.All {
				if want := fmt.Sprintf("orders-%05d", i); o.Value.Name != want || o.Value.Labels["app"] != "orders" {
					t.Fatalf("route %d is %v", i, o.Value.ObjectMeta)
				}
			}
			checkPositions(t, set.Documents[n/2])
			checkPositions(t, set.Documents[n-1])
		})
	}
	t.Run("a broken item", func(t *testing.T) {
		var w bytes.Buffer
		layouts["kubectl"](&w)
		text := strings.Replace(w.String(), "    name: orders-00300\n", "    name: orders-00300\n\tbad\n", 1)
		set := read(t, text)
		if len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Message, "tab") {
			t.Fatalf("problems %v", set.Problems)
		}
		line := strings.Count(text[:strings.Index(text, "\tbad")], "\n") + 1
		if got := set.Problems[0].Range.Start.Line; got != line {
			t.Errorf("reported in line %d, want %d", got, line)
		}
	})
}

// TestOthers: of kinds that nothing is routed by the input shows which objects
// there are, and the documents of those that lint speaks of are kept.
func TestOthers(t *testing.T) {
	set := read(t, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n---\napiVersion: example.com/v1\nkind: Limit\nmetadata: {name: a, namespace: shop}\n")
	if len(set.Others) != 1 || set.Others[0].Ref.Name != "web" || set.Others[0].Range("metadata", "name").Start.Line != 3 {
		t.Errorf("others: %v", set.Others)
	}
	for _, tt := range []struct {
		group, kind, namespace, name string
		want                         bool
	}{
		{"example.com", "Limit", "shop", "a", true},
		{"example.com", "Limit", "default", "a", false},
		{"", "Limit", "shop", "a", false},
		{"networking.k8s.io", "Ingress", "default", "web", true},
	} {
		if got := set.Holds(tt.group, tt.kind, tt.namespace, tt.name); got != tt.want {
			t.Errorf("Holds(%q, %q, %q, %q) = %v", tt.group, tt.kind, tt.namespace, tt.name, got)
		}
	}
}
