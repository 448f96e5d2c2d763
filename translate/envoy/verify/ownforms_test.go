package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// twoListeners is a Gateway with TLS whose listeners have routes of their own, and a
// port without TLS.
const twoListeners = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: c
  listeners:
  - {name: a, port: 443, protocol: HTTPS, hostname: a.example.com, tls: {certificateRefs: [{name: a}]}}
  - {name: wild, port: 443, protocol: HTTPS, hostname: "*.example.com", tls: {certificateRefs: [{name: a}]}}
  - {name: plain, port: 80, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: one, namespace: shop}
spec:
  parentRefs: [{name: gw, sectionName: a}]
  rules:
  - matches: [{method: {service: p.A}}]
    backendRefs: [{name: s, port: 1}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: two, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.example.com, b.example.com, "*.b.example.com"]
  rules:
  - matches: [{method: {service: p.B, method: Get}}, {headers: [{name: x, value: "1"}]}]
    backendRefs: [{name: t, port: 1, weight: 2}, {name: s, port: 1}]
`

type object = map[string]any

// inside returns what a path of keys and indexes leads to.
func inside(t testing.TB, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			v = v.(object)[s]
		case int:
			v = v.([]any)[s]
		}
	}
	return v
}

func typed(kind string, v any) object {
	out := object{"@type": "type.googleapis.com/" + kind}
	for k, x := range v.(object) {
		out[k] = x
	}
	return out
}

// TestOwnConfigurationInEachForm takes our own bootstrap apart into what a control plane
// would send, and into a dump of the admin interface.
func TestOwnConfigurationInEachForm(t *testing.T) {
	table := agreement.Compile(t, twoListeners, profile.Spec)
	b, _, err := envoy.Translate([]*routing.Table{table}, envoy.Options{CertificateDir: "/certs"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := envoy.JSON(b)
	if err != nil {
		t.Fatal(err)
	}
	read := func() any {
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		return inside(t, v, "static_resources")
	}
	write := func(name string, v any) *manifest.File {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return &manifest.File{Name: name, Data: data}
	}
	var listeners, routes, clusters []any
	resources := read()
	for _, l := range inside(t, resources, "listeners").([]any) {
		chains, _ := inside(t, l, "filter_chains").([]any)
		if d := inside(t, l, "default_filter_chain"); d != nil {
			chains = append(chains, d)
		}
		for _, c := range chains {
			m := inside(t, c, "filters", 0, "typed_config").(object)
			routes = append(routes, typed("envoy.config.route.v3.RouteConfiguration", m["route_config"]))
			m["rds"] = object{"route_config_name": inside(t, m, "route_config", "name"), "config_source": object{"ads": object{}}}
			delete(m, "route_config")
		}
		listeners = append(listeners, typed("envoy.config.listener.v3.Listener", l))
	}
	for _, c := range inside(t, resources, "clusters").([]any) {
		clusters = append(clusters, typed("envoy.config.cluster.v3.Cluster", c))
	}
	wrap := func(key string, list []any) (out []any) {
		for _, v := range list {
			out = append(out, object{key: v})
		}
		return out
	}
	dump := object{"configs": []any{
		object{"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": object{"static_resources": read()}},
		object{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": wrap("active_state", wrap("listener", listeners))},
		object{"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": wrap("route_config", routes)},
		object{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": wrap("cluster", clusters)},
	}}
	forms := map[string][]*manifest.File{
		"bootstrap": {{Name: "b.json", Data: text}},
		"resources": {write("lds.json", object{"resources": listeners}), write("rds.json", object{"resources": routes}), write("cds.json", object{"resources": clusters})},
		"wrapped":   {write("lds.json", object{"resources": wrap("resource", listeners)}), write("rds.json", object{"resources": wrap("resource", routes)})},
		"routes":    {write("rds.json", object{"resources": routes})},
		"list":      {write("all.json", append(append(listeners, routes...), clusters...))},
		"dump":      {write("dump.json", dump)},
	}
	for name, files := range forms {
		t.Run(name, func(t *testing.T) {
			config, err := Read(files)
			if err != nil {
				t.Fatal(err)
			}
			r := Compare(context.Background(), []*routing.Table{table}, config, Options{})
			if len(r.Regions)+len(r.Unknown) > 0 || len(r.Compared) != 2 {
				t.Errorf("%v\n%s", r.Compared, reported(r))
			}
			// The same with another weight is found, wherever it stands.
			found := false
			for i, f := range files {
				changed := bytes.Replace(f.Data, []byte(`"weight":2`), []byte(`"weight":3`), 1)
				changed = bytes.Replace(changed, []byte(`"weight": 2`), []byte(`"weight": 3`), 1)
				if bytes.Equal(changed, f.Data) {
					continue
				}
				other := append([]*manifest.File{}, files...)
				other[i] = f.With(changed)
				config, err := Read(other)
				if err != nil {
					t.Fatal(err)
				}
				r := Compare(context.Background(), []*routing.Table{table}, config, Options{})
				found = found || len(r.Regions) > 0 && len(r.Unknown) == 0
			}
			if !found && name != "dump" { // whose first weight is the bootstrap's
				t.Error("another weight is not found")
			}
		})
	}
}

// TestMisdirectedCalls: on a connection for one listener, calls for another's host are
// compared, too.
func TestMisdirectedCalls(t *testing.T) {
	table := agreement.Compile(t, twoListeners, profile.Spec)
	config := func() *Config {
		b, _, err := envoy.Translate([]*routing.Table{table}, envoy.Options{CertificateDir: "/certs"})
		if err != nil {
			t.Fatal(err)
		}
		text, err := envoy.JSON(b)
		if err != nil {
			t.Fatal(err)
		}
		return readText(t, string(text))
	}()
	for _, l := range config.listeners {
		for _, c := range l.chains {
			for _, h := range c.table.hosts {
				if c.secure && c.match.GetServerNames()[0] == "*.example.com" && h.proto.GetName() == "a.example.com" {
					h.routes = nil // it would answer with 421
				}
			}
		}
	}
	r := Compare(context.Background(), []*routing.Table{table}, config, Options{})
	if len(r.Regions) != 1 || r.Regions[0].Witness.SNI == r.Regions[0].Witness.Authority {
		t.Errorf("%s\n%+v", reported(r), fmt.Sprint(r.Regions))
	}
}

// FuzzRead: whatever the text, reading and comparing end, and nothing is called equal
// that has no route.
func FuzzRead(f *testing.F) {
	table := agreement.Compile(f, twoListeners, profile.Spec)
	b, _, err := envoy.Translate([]*routing.Table{table}, envoy.Options{CertificateDir: "/certs"})
	if err != nil {
		f.Fatal(err)
	}
	text, err := envoy.JSON(b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{name: 'shop/gw:80', virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: kube_shop_s_1}}]}]}"))
	f.Add([]byte("resources:\n- '@type': type.googleapis.com/envoy.config.route.v3.RouteConfiguration\n  name: x\n  virtual_hosts: [&a {name: v}, *a]\n"))
	f.Add([]byte(`{"configs": [{"dynamic_listeners": [{"active_state": {"listener": {"filter_chains": [{"filters": [{"typed_config": {"@type": "x"}}]}]}}}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := Read([]*manifest.File{{Name: "fuzz", Data: data}})
		if err != nil {
			return
		}
		r := Compare(context.Background(), []*routing.Table{table}, config, Options{})
		for _, why := range r.Unknown {
			if bytes.Contains([]byte(why), []byte("please report")) {
				t.Errorf("%s", why)
			}
		}
		if len(config.routes()) == 0 && len(config.tables) == 0 && len(r.Regions) == 0 && len(r.Unknown) == 0 {
			t.Error("a configuration without routes is called equal")
		}
	})
}
