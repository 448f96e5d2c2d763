package kgateway_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/kgateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// replay makes calls through an Envoy that has the resources of many tables.
type replay struct {
	t        testing.TB
	backends []string          // addresses
	numbers  map[string]string // of the backend that a cluster has
	at       map[string]string // addresses, by Gateway and port
	clients  map[string]*grpc.ClientConn
	calls    int
	routed   int
	answered int
	silent   bool // routes do not tell their names
}

// cluster is the name of a backendRef's cluster.
func cluster(s *routing.Share) string {
	return fmt.Sprintf("kube_%s_%s_%d", s.Backend.Namespace, s.Backend.Name, s.Backend.Port)
}

// open starts an Envoy with the HTTP listeners of tables.
func open(t testing.TB, tables []*routing.Table) *replay {
	t.Helper()
	g := &replay{t: t, numbers: map[string]string{}, clients: map[string]*grpc.ClientConn{}}
	for i := range 24 {
		g.backends = append(g.backends, agreement.Backend(t, fmt.Sprint(i)))
	}
	inUse := ""
	for range 5 {
		if inUse = g.tryOpen(tables); inUse == "" {
			t.Cleanup(func() {
				for _, cc := range g.clients {
					_ = cc.Close()
				}
			})
			return g
		}
	}
	t.Fatal(inUse)
	return nil
}

func (g *replay) tryOpen(tables []*routing.Table) (inUse string) {
	g.at = map[string]string{}
	stand := newStandIn(g.t)
	down := withoutEndpoints(tables)
	stand.endpoint = func(name string) string {
		if down[name] {
			return ""
		}
		i := len(g.numbers) % len(g.backends)
		g.numbers[name] = fmt.Sprint(i)
		return g.backends[i]
	}
	clear(g.numbers)
	ports := 0
	for _, table := range tables {
		for _, gateway := range table.Topology.Gateways {
			ports += len(gateway.Listeners)
		}
	}
	free := agreement.Addresses(g.t, ports+1)
	for _, table := range tables {
		gateways(g.t, table, func(gateway string, r *kgateway.Resources) {
			stand.add(r, gateway+"/", func(port uint32) string {
				address := free[0]
				free = free[1:]
				g.at[fmt.Sprintf("%s:%d", gateway, port)] = address
				return address
			})
		})
	}
	return stand.tryRun(free[0])
}

// withoutEndpoints are the clusters of Services without a ready endpoint: the control
// plane finds none for them.
func withoutEndpoints(tables []*routing.Table) map[string]bool {
	down := map[string]bool{}
	for _, table := range tables {
		for _, s := range table.Servers {
			for _, l := range s.Listeners {
				for _, h := range l.Hosts {
					for _, e := range h.Entries {
						for i := range e.Action.Shares {
							if share := &e.Action.Shares[i]; share.Answer == &s.Profile.Answers.NoEndpoints {
								down[cluster(share)] = true
							}
						}
					}
				}
			}
		}
	}
	return down
}

// call makes a call and compares what happened with what explain says.
func (g *replay) call(table *routing.Table, r *routing.Request) {
	at := g.at[fmt.Sprintf("%s:%d", r.Gateway, r.Port)]
	if at == "" || len(table.Serving(r)) != 1 {
		return
	}
	want := table.Explain(r)
	g.calls++
	cc := g.clients[at]
	if cc == nil {
		var err error
		if cc, err = grpc.NewClient(at, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
			g.t.Fatal(err)
		}
		g.clients[at] = cc
	}
	var md, head, trail metadata.MD = metadata.MD{}, nil, nil
	for _, h := range r.Headers {
		md.Append(h.Name, h.Value)
	}
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(context.Background(), md), 20*time.Second)
	defer cancel()
	err := cc.Invoke(ctx, r.Path, &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&head), grpc.Trailer(&trail), grpc.CallAuthority(r.Authority))
	g.landed(r, want, int(status.Code(err)), metadata.Join(head, trail), err)
}

// landed compares the route, and the backend or the status.
func (g *replay) landed(r *routing.Request, want *routing.Decision, code int, got metadata.MD, err error) {
	route, number := strings.Join(got.Get("route"), ","), strings.Join(got.Get("backend"), ",")
	fail := func(format string, args ...any) {
		g.t.Errorf("%+v: %s (%v; route %q, backend %q)", *r, fmt.Sprintf(format, args...), err, route, number)
	}
	if want.Entry == nil {
		if code != want.Answer.GRPC || number != "" || route != "" {
			fail("status %d, want %d of no route", code, want.Answer.GRPC)
		}
		return
	}
	e := want.Entry
	name := fmt.Sprintf("-%s-%s-%s-%d-%d", strings.ToLower(e.Route.Kind), e.Route.Name, e.Route.Namespace, e.Rule.Index, max(e.Match, 0))
	if route != "" && !strings.Contains(route, name) {
		fail("want the route of %s", name)
		return
	}
	if want.Outcome == routing.Refused && e.Action.Total == 0 {
		g.answered++
		if code != e.Action.Answer.GRPC || number != "" {
			fail("status %d, want %d", code, e.Action.Answer.GRPC)
		}
		return
	}
	ok := slices.ContainsFunc(e.Action.Shares, func(s routing.Share) bool {
		switch {
		case s.Weight == 0:
			return false
		case s.Answer != nil:
			return number == "" && code == s.Answer.GRPC
		}
		return code == 0 && number == g.numbers[cluster(&s)]
	})
	switch {
	case !ok:
		fail("status %d, none of the shares of rule %d", code, e.Rule.Index)
	case number == "":
		g.answered++
	case route == "" && !g.silent:
		fail("the answer does not tell its route")
	default:
		g.routed++
	}
}

// TestCallsAgreeOnRandom makes calls to random tables.
func TestCallsAgreeOnRandom(t *testing.T) {
	agreement.Envoy(t)
	n, each := 60, 120
	if testing.Short() {
		n, each = 25, 60
	}
	var tables []*routing.Table
	for seed := range n {
		tables = append(tables, compile(read(t, randomText(seed))))
	}
	g := open(t, tables)
	for i, table := range tables {
		source := random.New(uint64(i) + 1000)
		for range each {
			q := source.Call()
			q.Gateway = table.Topology.Gateways[0].Key()
			g.call(table, &q)
		}
	}
	t.Logf("%d calls, %d routed, %d answered", g.calls, g.routed, g.answered)
	if g.calls < n*each/3 || g.routed < g.calls/20 || g.answered < g.calls/50 {
		t.Errorf("%d calls, %d routed, %d answered", g.calls, g.routed, g.answered)
	}
}

// TestCallsAgreeOnTestdata calls into each region of calls that the exact engine
// finds in cases of testdata.
func TestCallsAgreeOnTestdata(t *testing.T) {
	agreement.Envoy(t)
	calls, routed, n := 0, 0, 0
	sets(t, func(name string, set *manifest.Set) {
		if n++; testing.Short() && n%48 != 0 {
			return
		}
		table := compile(set)
		plain := false
		for _, s := range table.Servers {
			if s.Blocked() != "" {
				return // Envoy takes none of it
			}
			plain = plain || !s.TLS && s.Port != 0
		}
		if !plain || authorityUnknown(set) {
			return
		}
		g := open(t, []*routing.Table{table})
		for _, group := range prove.Partitions(context.Background(), table, nil, prove.Options{Budget: prove.DefaultBudget}).Groups {
			for i := range min(len(group.Regions), 40) {
				if r := &group.Regions[i].Witness; r.SNI == "" && r.Service == "" && sendable(r) {
					g.call(table, r)
				}
			}
		}
		calls, routed = calls+g.calls, routed+g.routed
	})
	t.Logf("%d calls, %d routed", calls, routed)
	if calls < 10 || routed < calls/10 {
		t.Errorf("%d calls, %d routed", calls, routed)
	}
}

// authorityUnknown reports whether certificates that a policy verifies backends by are
// not in the input: calls fail that may not in a cluster.
func authorityUnknown(set *manifest.Set) bool {
	return slices.ContainsFunc(set.BackendTLSPolicies.All, func(o *manifest.Object[gatewayv1.BackendTLSPolicy]) bool {
		return slices.ContainsFunc(o.Value.Spec.Validation.CACertificateRefs, func(ref gatewayv1.LocalObjectReference) bool {
			return set.ConfigMaps.Get(o.Doc.Ref.Namespace, string(ref.Name)) == nil
		})
	})
}

// sendable reports whether a gRPC client can make the call.
func sendable(r *routing.Request) bool {
	if r.Authority == "" || strings.Count(r.Path, "/") != 2 || strings.Contains(r.Path, "//") || strings.ContainsAny(r.Path, "?#% ") {
		return false
	}
	for _, h := range r.Headers {
		if strings.HasPrefix(h.Name, "grpc-") || strings.HasPrefix(h.Name, ":") || strings.HasSuffix(h.Name, "-bin") || strings.TrimSpace(h.Value) != h.Value {
			return false
		}
		for _, c := range h.Value {
			if c < ' ' || c > '~' {
				return false
			}
		}
	}
	return true
}
