package envoy_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// inNamespace moves random manifests to a namespace.
func inNamespace(text, namespace string) string {
	return strings.ReplaceAll(text, "namespace: d", "namespace: "+namespace)
}

// comparison compares calls through Envoy and serve with explanations.
type comparison struct {
	t             testing.TB
	backends      []string // addresses; each tells its number
	calls, routed int
	files         bool // Envoy reads a folder of resources
}

func newComparison(t testing.TB, n int) *comparison {
	a := &comparison{t: t}
	for i := range n {
		a.backends = append(a.backends, backend(t, fmt.Sprint(i)))
	}
	return a
}

// backend serves any method. It tells its name and the headers it saw.
func backend(t testing.TB, name string, o ...grpc.ServerOption) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(append(o, grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		for name, values := range md {
			if name != "content-type" && name != "user-agent" && name != "x-forwarded-proto" && name != "x-forwarded-for" && !strings.HasPrefix(name, "x-envoy-") {
				s.SetTrailer(metadata.Pairs("seen-"+strings.TrimPrefix(name, ":"), strings.Join(values, "|")))
			}
		}
		if err := s.SendHeader(metadata.Pairs("who", "server", "gone", "not yet", "backend", name)); err != nil {
			return err
		}
		_ = s.RecvMsg(&emptypb.Empty{})
		return s.SendMsg(&emptypb.Empty{})
	}))...)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// place gives each backend of tables a server of its own.
func (a *comparison) place(ts []*routing.Table, o *envoy.Options) map[string]string {
	names := map[string]string{}
	o.Backends = map[string][]string{}
	for _, t := range ts {
		for _, r := range t.Topology.Routes {
			for _, rule := range r.Rules {
				for _, b := range rule.Backends {
					name := fmt.Sprintf("%s/%s:%d", b.Namespace, b.Name, b.Port)
					if _, ok := names[name]; !ok {
						i := len(names) % len(a.backends)
						names[name] = fmt.Sprint(i)
						o.Backends[name] = []string{a.backends[i]}
					}
				}
			}
		}
	}
	return names
}

// through is tables that an Envoy and serve have.
type through struct {
	*comparison
	names  map[string]string // backends' numbers, by name
	planes []*plane          // Envoy's and serve's
	notes  string
}

// open starts an Envoy and serve; nil when there is nothing to open. It looks for
// other addresses when somebody was faster.
func (a *comparison) open(ts []*routing.Table) *through {
	a.t.Helper()
	inUse := ""
	for range 5 {
		var g *through
		if g, inUse = a.tryOpen(ts); inUse == "" {
			return g
		}
	}
	a.t.Fatal(inUse)
	return nil
}

func (a *comparison) tryOpen(ts []*routing.Table) (g *through, inUse string) {
	a.t.Helper()
	o := opened(a.t, ts)
	o.Admin = agreement.Addresses(a.t, 1)[0]
	g = &through{comparison: a}
	g.names = a.place(ts, &o)
	b, notes, err := envoy.Translate(ts, o)
	if err != nil {
		a.t.Fatal(err)
	}
	for i := range notes {
		g.notes += fmt.Sprintf("\n%s: %s", notes[i].Range, notes[i].Message)
	}
	p := newPlane(a.t, "Envoy")
	for _, l := range b.GetStaticResources().GetListeners() {
		p.at[l.Name], p.secure[l.Name] = o.Listen[l.Name], l.FilterChains[0].TransportSocket != nil
	}
	if len(p.at) == 0 {
		return nil, ""
	}
	var stop func()
	if a.files {
		stop, inUse = start(a.t, writeFiles(a.t, ts, o, a.t.TempDir()), o.Admin)
	} else {
		stop, inUse = tryRun(a.t, b, o.Admin)
	}
	if inUse == "" {
		p.stops = append(p.stops, stop)
		g.planes = []*plane{p, serve(a.t, ts, &o)}
	}
	return g, inUse
}

// said is what the translation said, where that is short.
func (g *through) said() string {
	if len(g.notes) > 2000 {
		return ""
	}
	return g.notes
}

func (g *through) close() {
	for _, p := range g.planes {
		p.close()
	}
}

// call makes a call through every data plane and compares what happened with what
// explain says.
func (g *through) call(table *routing.Table, r *routing.Request) {
	want := table.Explain(r)
	if want.Entry != nil && modifiesProtocol(want.Entry.Action) {
		return
	}
	if _, ok := g.planes[0].port(table, r); !ok {
		return
	}
	g.calls++
	for _, p := range g.planes {
		g.compare(p, table, r, want)
	}
}

func (g *through) compare(p *plane, table *routing.Table, r *routing.Request, want *routing.Decision) {
	name, ok := p.port(table, r)
	if !ok {
		g.t.Errorf("%+v: nobody listens for it at %s", *r, p.name)
		return
	}
	var md, head, trail metadata.MD = metadata.MD{}, nil, nil
	for _, h := range r.Headers {
		md.Append(h.Name, h.Value)
	}
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(context.Background(), md), 20*time.Second)
	defer cancel()
	options := []grpc.CallOption{grpc.Header(&head), grpc.Trailer(&trail)}
	if r.SNI == "" {
		options = append(options, grpc.CallAuthority(r.Authority))
	}
	err := p.client(name, r).Invoke(ctx, r.Path, &emptypb.Empty{}, &emptypb.Empty{}, options...)
	code := int(status.Code(err))
	fail := func(format string, args ...any) {
		g.t.Errorf("%s: %+v under %s: %s (%v, explain: %s by %v)%s", p.name, *r, table.Topology.Profile.Name, fmt.Sprintf(format, args...), err, want.Outcome, describe(want.Entry), g.said())
	}
	if want.Entry == nil {
		none := want.Answer
		if none == nil {
			none = &profile.Spec.Answers.NoListener
		}
		if code != none.GRPC || len(head.Get("backend")) > 0 {
			fail("status %d, want %d; backend %v", code, none.GRPC, head.Get("backend"))
		}
		return
	}
	g.landed(p, want, code, md, head, trail, fail)
}

func describe(e *routing.Entry) string {
	if e == nil {
		return "nobody"
	}
	return fmt.Sprintf("%s %s rule %d", e.Route.Kind, e.Route.Key(), e.Rule.Index)
}

// TestCallsThroughEnvoyAgreeOnRandom makes calls to random tables. Those whose
// implementations read repeated headers alike are in one Envoy.
func TestCallsThroughEnvoyAgreeOnRandom(t *testing.T) {
	agreement.Envoy(t)
	n, each := 300, 100
	if testing.Short() {
		n, each = 60, 60
	}
	for _, any := range []bool{false, true} {
		t.Run(fmt.Sprintf("any value %v", any), func(t *testing.T) {
			a := newComparison(t, 8)
			var ts []*routing.Table
			for seed := range n {
				if profile.All[seed%len(profile.All)].Matching.RepeatedAny == any {
					ts = append(ts, randomTable(t, seed, fmt.Sprintf("d%dx", seed)))
				}
			}
			g := a.open(ts)
			defer g.close()
			for i, table := range ts {
				source := random.New(uint64(i) + 1000)
				gateway := table.Topology.Gateways[0].Key()
				for range each {
					q := source.Call()
					q.Gateway = gateway
					g.call(table, &q)
				}
			}
			g.weigh()
			if a.calls < len(ts)*each/4 || a.routed < a.calls/20 {
				t.Errorf("%d calls were made, %d of them were routed", a.calls, a.routed)
			}
		})
	}
}

// TestCallsThroughEnvoyAgreeOnTestdata calls into each region of calls that the
// exact engine finds in the manifest sets.
func TestCallsThroughEnvoyAgreeOnTestdata(t *testing.T) {
	agreement.Envoy(t)
	a := newComparison(t, 24)
	n := 0
	for _, set := range manifestSets(t) {
		if n++; testing.Short() && n%20 != 0 {
			continue
		}
		ts := tables(set)
		g := a.open(ts)
		if g == nil {
			continue
		}
		for _, table := range ts {
			regions := 0
			for _, group := range prove.Partitions(context.Background(), table, nil, prove.Options{Budget: prove.DefaultBudget}).Groups {
				for i := range group.Regions {
					if r := &group.Regions[i].Witness; regions < 60 && sendable(r) {
						regions++
						g.call(table, r)
					}
				}
			}
		}
		g.close()
	}
	t.Logf("%d calls, %d routed", a.calls, a.routed)
	if a.calls < 50 || a.routed < a.calls/10 {
		t.Errorf("%d calls were made, %d of them were routed", a.calls, a.routed)
	}
}
