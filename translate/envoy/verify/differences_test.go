package verify

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/rogpeppe/go-internal/txtar"
)

// bootstrapOf puts routes into a bootstrap, with a cluster for each backend of a rule.
// addresses are those of the admin interface and of the listener; backends are by
// cluster.
func bootstrapOf(routes string, addresses []string, backends map[string]string) string {
	at := func(address string) string {
		host, port, _ := net.SplitHostPort(address)
		return fmt.Sprintf("{socket_address: {address: %s, port_value: %s}}", host, port)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `admin: {address: %s}
static_resources:
  listeners:
  - name: shop/gw/grpc
    address: %s
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: http
          http_filters: [{name: envoy.filters.http.router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
          route_config:
            name: shop/gw/grpc
            ignore_port_in_host_matching: true
            virtual_hosts:
            - name: any
              domains: ["*"]
              routes:
`, at(addresses[0]), at(addresses[1]))
	for line := range strings.Lines(routes) {
		b.WriteString("              " + line)
	}
	b.WriteString("  clusters:\n")
	for _, name := range slices.Sorted(keys(backends)) {
		fmt.Fprintf(&b, `  - name: %s
    connect_timeout: 5s
    type: STATIC
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}
    load_assignment: {cluster_name: %s, endpoints: [{lb_endpoints: [{endpoint: {address: %s}}]}]}
`, name, name, at(backends[name]))
	}
	return b.String()
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func readText(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Read([]*manifest.File{{Name: "envoy.yaml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// summaries writes regions in short: change, path and headers of the witness.
func summaries(regions []*prove.Region) (out []string, classified []simulate.DiffRegion) {
	classified = simulate.DiffRegions(regions, func(*prove.Region) (c diag.Certainty, w []string) { return })
	for i := range classified {
		r := &classified[i]
		text := fmt.Sprintf("%s %s", r.Change, r.Witness.Path)
		var headers []string
		for _, name := range slices.Sorted(keys(r.Witness.Headers)) {
			headers = append(headers, name+": "+r.Witness.Headers[name])
		}
		out = append(out, strings.TrimSpace(text+" "+strings.Join(headers, ", ")))
	}
	return out, classified
}

// TestKnownDifferences proves the differences between the specification and what known
// controllers write, with their witnesses, and makes those calls to a real Envoy.
func TestKnownDifferences(t *testing.T) {
	files, err := filepath.Glob("testdata/d*.txtar")
	if err != nil || len(files) < 9 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { knownDifference(t, file) })
	}
}

func knownDifference(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range archive.Files {
		parts[f.Name] = string(f.Data)
	}
	table := agreement.Compile(t, parts["manifests.yaml"], profile.Spec)
	backends, numbers := map[string]string{}, map[string]string{}
	for _, r := range table.Topology.Routes[0].Rules {
		for _, b := range r.Backends {
			name := fmt.Sprintf("grpcroute/%s/rule/%d/backend/%d", r.Route.Key(), r.Index, b.Index)
			backends[name] = agreement.Backend(t, b.Name)
			numbers[fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)] = b.Name
		}
	}
	text := bootstrapOf(parts["routes.yaml"], []string{"127.0.0.1:9901", "127.0.0.1:10080"}, backends)
	report := Compare(context.Background(), []*routing.Table{table}, readText(t, text), Options{})
	if len(report.Unknown) > 0 || len(report.Settings) > 0 {
		t.Errorf("unknown %v, settings %v", report.Unknown, report.Settings)
	}
	got, regions := summaries(report.Regions)
	if want := strings.TrimSpace(parts["want"]); strings.Join(got, "\n") != want {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	// Under the profile of the controller that is known to do this, nothing differs.
	if own := agreement.Compile(t, parts["manifests.yaml"], profile.EnvoyGateway); !strings.HasSuffix(file, "d14.txtar") {
		if r := Compare(context.Background(), []*routing.Table{own}, readText(t, text), Options{}); len(r.Regions)+len(r.Unknown) > 0 {
			t.Errorf("under %s:\n%s", own.Topology.Profile.Name, reported(r))
		}
	}
	at := start(t, 1, func(addresses []string) string { return bootstrapOf(parts["routes.yaml"], addresses, backends) })
	ask := newAsker(t)
	x := newComparing(readText(t, text), []*routing.Table{table}, Options{})
	for path := range strings.Lines(parts["witnesses"]) {
		q := report.Regions[0].Witness
		q.Path, q.Headers = strings.TrimSpace(path), nil
		res := table.Lookup(&q)
		want := prove.EffectOf(&res)
		have, unknown := x.Decide(x.config.listeners[0], &q)
		_, code, backend := ask.ask(at[0], &q)
		if now := ended(have, numbers); unknown != "" || !slices.Contains(now, seen(code, backend)) || slices.Contains(ended(want, numbers), seen(code, backend)) {
			t.Errorf("%s: a real Envoy gives %s, we say %v, the manifests %v", q.Path, seen(code, backend), now, ended(want, numbers))
		}
	}
	for i := range regions {
		q := report.Regions[i].Witness
		for _, r := range report.Regions {
			if simulate.WitnessOf(r.Witness).Path == regions[i].Witness.Path {
				q = r.Witness
			}
		}
		_, code, backend := ask.ask(at[0], &q)
		if now := ended(regions[i].New, numbers); !slices.Contains(now, seen(code, backend)) {
			t.Errorf("%s: a real Envoy gives %s, we say %v", got[i], seen(code, backend), now)
		}
		if wanted := ended(regions[i].Old, numbers); slices.Contains(wanted, seen(code, backend)) {
			t.Errorf("%s: a real Envoy gives %s, as the manifests say", got[i], seen(code, backend))
		}
	}
}

func seen(code int, backend string) string {
	if backend != "" {
		return "backend " + backend
	}
	return fmt.Sprintf("status %d", code)
}

// ended lists how calls of an effect may end.
func ended(e *prove.Effect, names map[string]string) []string {
	if e.Answer != nil {
		return []string{fmt.Sprintf("status %d", e.Answer.GRPC)}
	}
	var out []string
	for i := range e.Targets {
		if a := e.Targets[i].Answer; a != nil {
			out = append(out, fmt.Sprintf("status %d", a.GRPC))
		} else {
			out = append(out, "backend "+names[e.Targets[i].String()])
		}
	}
	return out
}
