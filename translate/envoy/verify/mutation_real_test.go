package verify

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// sampled is a mutation that verify found, as a listener of its own.
type sampled struct {
	field    string
	listener *listenerv3.Listener
	regions  []*prove.Region
	names    map[string]string // of backends
}

// real lists the fields of which an Envoy takes mutations.
func real(field string) bool {
	for _, not := range []string{"match.dynamic", "match.filter_state", "match.tls", "match.path_match", "custom", "google_re2", "name changed", "query_parameters", "connect"} {
		if strings.Contains(field, not) {
			return false
		}
	}
	return strings.HasPrefix(field, "match.") || strings.HasPrefix(field, "direct_response.status") || strings.Contains(field, "weighted_clusters.clusters shortened")
}

// TestMutationsThroughEnvoy calls real Envoys with the witnesses of mutations: what
// happens is what verify says, and not what the manifests say.
func TestMutationsThroughEnvoy(t *testing.T) {
	agreement.Envoy(t)
	most := 150
	if testing.Short() {
		most = 40
	}
	var all []sampled
	var clusters []*bootstrapv3.Bootstrap
	servers := map[string]string{}
	for seed := 0; len(all) < most && seed < 200; seed++ {
		got, b := sampleMutations(t, seed, servers)
		all = append(all, got...)
		clusters = append(clusters, b)
	}
	at := start(t, len(all), func(addresses []string) string {
		out := &bootstrapv3.Bootstrap{Admin: &bootstrapv3.Admin{Address: socket(addresses[0])}, StaticResources: &bootstrapv3.Bootstrap_StaticResources{}}
		for i := range all {
			all[i].listener.Name, all[i].listener.Address = fmt.Sprint(i), socket(addresses[i+1])
			out.StaticResources.Listeners = append(out.StaticResources.Listeners, all[i].listener)
		}
		for _, b := range clusters {
			out.StaticResources.Clusters = append(out.StaticResources.Clusters, b.StaticResources.Clusters...)
			out.LayeredRuntime = b.LayeredRuntime
		}
		text, err := envoy.JSON(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	})
	ask := newAsker(t)
	compared := 0
	for i, s := range all {
		for _, r := range s.regions {
			now, wanted := ended(r.New, s.names), ended(r.Old, s.names)
			if slices.ContainsFunc(now, func(e string) bool { return slices.Contains(wanted, e) }) || !sendable(&r.Witness) {
				continue // one call does not tell
			}
			compared++
			_, code, backend := ask.ask(at[i], &r.Witness)
			if got := seen(code, backend); !slices.Contains(now, got) {
				t.Errorf("%s, %+v: a real Envoy gives %s, we say %v, the manifests %v", s.field, r.Witness, got, now, wanted)
			}
		}
	}
	t.Logf("%d mutations, %d calls", len(all), compared)
	if compared < most/2 {
		t.Errorf("%d calls for %d mutations", compared, len(all))
	}
}

// sendable reports whether a client sends a call as it is, and Envoy takes it so.
func sendable(q *routing.Request) bool {
	for _, h := range q.Headers {
		if h.Name == "content-type" || strings.TrimSpace(h.Value) != h.Value || strings.HasPrefix(h.Name, ":") || strings.ContainsAny(h.Name, "/ ") {
			return false
		}
	}
	return true
}

func socket(address string) *corev3.Address {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(n)},
	}}}
}

// sampleMutations mutates one route of a random table in a few ways that verify finds.
func sampleMutations(t *testing.T, seed int, servers map[string]string) ([]sampled, *bootstrapv3.Bootstrap) {
	text := strings.ReplaceAll(random.New(uint64(seed)+31).Manifests(mutationManifests), "namespace: d", fmt.Sprintf("namespace: d%d", seed))
	table := agreement.Compile(t, text, profile.Spec)
	o := envoy.Options{Backends: map[string][]string{}}
	names := map[string]string{}
	for _, r := range table.Topology.Routes {
		for _, rule := range r.Rules {
			for _, b := range rule.Backends {
				if servers[b.Name] == "" {
					servers[b.Name] = agreement.Backend(t, b.Name)
				}
				key := fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)
				o.Backends[key], names[key] = []string{servers[b.Name]}, b.Name
			}
		}
	}
	b, _, err := envoy.Translate([]*routing.Table{table}, o)
	if err != nil {
		t.Fatal(err)
	}
	var out []sampled
	source := random.New(uint64(seed))
	for _, l := range b.StaticResources.Listeners {
		manager := &hcmv3.HttpConnectionManager{}
		config := l.FilterChains[0].Filters[0].GetTypedConfig()
		if config.UnmarshalTo(manager) != nil {
			t.Fatal("no manager")
		}
		hosts := manager.GetRouteConfig().VirtualHosts
		h := hosts[source.IntN(len(hosts))]
		if len(h.Routes) == 0 {
			continue
		}
		i := source.IntN(len(h.Routes))
		original := h.Routes[i]
		all := mutants(original)
		taken := 0
		for _, n := range source.Perm(len(all)) {
			m := all[n]
			if taken == 6 || !real(m.field) || m.route.ValidateAll() != nil {
				continue
			}
			h.Routes[i] = m.route
			packed, err := anypb.New(manager)
			if err != nil {
				t.Fatal(err)
			}
			changed := proto.Clone(l).(*listenerv3.Listener)
			changed.FilterChains[0].Filters[0].ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed}
			whole := &bootstrapv3.Bootstrap{LayeredRuntime: b.LayeredRuntime, StaticResources: &bootstrapv3.Bootstrap_StaticResources{Clusters: b.StaticResources.Clusters}}
			whole.StaticResources.Listeners = []*listenerv3.Listener{changed}
			text, err := envoy.JSON(whole)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Read([]*manifest.File{{Name: "envoy.json", Data: text}})
			if err != nil {
				t.Fatal(err)
			}
			report := Compare(context.Background(), []*routing.Table{table}, c, Options{})
			if len(report.Regions) > 0 {
				out = append(out, sampled{m.field, changed, report.Regions, names})
				taken++
			}
		}
		h.Routes[i] = original
	}
	return out, b
}
