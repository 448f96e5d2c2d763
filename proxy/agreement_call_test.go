package proxy_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// comparison compares calls with explanations.
type comparison struct {
	t             *testing.T
	backend       string
	calls, routed int
	shares        map[*routing.Action]map[string]int
}

func newComparison(t *testing.T) *comparison {
	a := &comparison{t: t, shares: map[*routing.Action]map[string]int{}}
	// The backend tells which headers it saw, and answers with some.
	a.backend, _ = backend(t, grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		for name, values := range md {
			if name != "content-type" && name != "user-agent" && name != ":authority" {
				s.SetTrailer(metadata.Pairs("seen-"+name, strings.Join(values, "|")))
			}
		}
		if err := s.SendHeader(metadata.Pairs("who", "server", "gone", "not yet")); err != nil {
			return err
		}
		_ = s.RecvMsg(&emptypb.Empty{})
		return s.SendMsg(&emptypb.Empty{})
	}))
	return a
}

// opened is a table that is served.
type opened struct {
	*comparison
	table   *routing.Table
	server  *proxy.Server
	clients map[string]*grpc.ClientConn // by entrance and SNI
}

func (a *comparison) open(table *routing.Table) *opened {
	return &opened{comparison: a, table: table, clients: map[string]*grpc.ClientConn{}, server: proxy.New(proxy.Config{
		Table: table, Backend: func(*routing.Server, *topology.Backend) proxy.Backend {
			return proxy.Backend{Addresses: []string{a.backend}}
		},
	}, proxy.Options{ExplainHeader: true})}
}

func (g *opened) close() {
	for _, cc := range g.clients {
		_ = cc.Close()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = g.server.Shutdown(ctx)
}

// takes reports whether there is a listener that the request can be made to.
func (g *opened) takes(r *routing.Request) bool { return len(g.table.Serving(r)) == 1 }

// client connects as a request is made.
func (g *opened) client(r *routing.Request) *grpc.ClientConn {
	key := fmt.Sprintf("%s %d", r.Gateway, r.Port)
	if r.SNI != "" {
		key += " " + r.SNI + " " + r.Authority // grpc-go checks an authority that a call chooses
	}
	if cc := g.clients[key]; cc != nil {
		return cc
	}
	l := proxy.Listener{Gateway: r.Gateway, Port: r.Port}
	creds := insecure.NewCredentials()
	if r.SNI != "" {
		l.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(g.t, "localhost")}}
		creds = credentials.NewTLS(&tls.Config{ServerName: r.SNI, InsecureSkipVerify: true}) //nolint:gosec // whose certificate it is does not matter here
	}
	socket := listen(g.t)
	go func() { _ = g.server.Serve(socket, l) }()
	cc, err := grpc.NewClient(socket.Addr().String(), grpc.WithTransportCredentials(creds), grpc.WithAuthority(r.Authority))
	if err != nil {
		g.t.Fatal(err)
	}
	g.clients[key] = cc
	return cc
}

// call makes a call and compares what happened with what explain says.
func (g *opened) call(r *routing.Request) {
	want := g.table.Explain(r)
	if want.Entry != nil && !ordinary(want.Entry.Action) {
		return
	}
	g.calls++
	var md, head, trail metadata.MD = metadata.MD{}, nil, nil
	for _, h := range r.Headers {
		md.Append(h.Name, h.Value)
	}
	ctx := metadata.NewOutgoingContext(short(g.t), md)
	options := []grpc.CallOption{grpc.Header(&head), grpc.Trailer(&trail)}
	if r.SNI == "" {
		options = append(options, grpc.CallAuthority(r.Authority))
	}
	err := g.client(r).Invoke(ctx, r.Path, &emptypb.Empty{}, &emptypb.Empty{}, options...)
	code := int(status.Code(err))
	answer := metadata.Join(head, trail)
	fail := func(format string, args ...any) {
		g.t.Errorf("%+v: %s (%v, explain: %s by %v)", *r, fmt.Sprintf(format, args...), err, want.Outcome, describe(want.Entry))
	}
	if want.Entry == nil {
		none := want.Answer
		if none == nil {
			none = &profile.Spec.Answers.NoListener // there is not even a server
		}
		if code != none.GRPC || len(answer.Get("grpcroute-route")) > 0 {
			fail("status %d, route %v", code, answer.Get("grpcroute-route"))
		}
		return
	}
	if names := bare(want.Entry.Action, code); len(names) > 0 && len(answer.Get("grpcroute-route")) == 0 {
		// grpc-go shows nothing of an answer that is not gRPC but its status.
		g.count(want.Entry.Action, strings.Join(names, " or "))
		return
	}
	if got := fmt.Sprint(answer.Get("grpcroute-route"), answer.Get("grpcroute-rule")); got != fmt.Sprintf("[%s] [%d]", describe(want.Entry), want.Entry.Rule.Index) {
		fail("landed at %s", got)
		return
	}
	g.landed(want, code, md, head, trail, fail)
}

// bare returns the backends whose calls get the status from a plain HTTP answer,
// which some implementations give in place of a gRPC one.
func bare(a *routing.Action, code int) (names []string) {
	is := func(p *profile.Answer) bool { return p != nil && p.HTTP != 200 && p.GRPC == code }
	if is(a.Answer) {
		names = append(names, "nobody")
	}
	for i := range a.Shares {
		if s := &a.Shares[i]; s.Weight > 0 && is(s.Answer) && !slices.Contains(names, shareName(s)) {
			names = append(names, shareName(s))
		}
	}
	return names
}

func (a *comparison) count(action *routing.Action, name string) {
	if a.shares[action] == nil {
		a.shares[action] = map[string]int{}
	}
	a.shares[action][name]++
}

func describe(e *routing.Entry) string {
	if e == nil {
		return "nobody"
	}
	return e.Route.Kind + " " + e.Route.Key()
}

// landed compares backend and headers.
func (g *opened) landed(want *routing.Decision, code int, sent, head, trail metadata.MD, fail func(string, ...any)) {
	a := want.Entry.Action
	name := strings.Join(metadata.Join(head, trail).Get("grpcroute-backend"), ",")
	if a.Answer != nil && name == "" {
		if code != a.Answer.GRPC {
			fail("status %d, want %d", code, a.Answer.GRPC)
		}
		return
	}
	at := slices.IndexFunc(a.Shares, func(s routing.Share) bool { return shareName(&s) == name && s.Weight > 0 })
	if at < 0 {
		fail("backend %q is none of the rule's", name)
		return
	}
	g.count(a, name)
	if sameName(a, name) > 1 {
		return // which of them it was does not show
	}
	share := &a.Shares[at]
	// This data plane serves header modifiers and mirrors.
	extension := func(f *topology.Filter) bool {
		return !slices.Contains([]string{"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror"}, f.Type)
	}
	switch {
	case share.Answer != nil && !slices.ContainsFunc(a.Filters, extension):
		if code != share.Answer.GRPC {
			fail("status %d, want %d", code, share.Answer.GRPC)
		}
		return
	case slices.ContainsFunc(slices.Concat(a.Filters, share.Filters), extension):
		// Explain cannot know what it does; this data plane does not serve it.
		if code != want.Server.Profile.Answers.UnsupportedFilter.GRPC {
			fail("status %d for a filter that is not served", code)
		}
		return
	case code != 0:
		fail("status %d from backend %s", code, name)
		return
	}
	g.routed++
	if got, want := seen(trail), modified(sent, a.Filters, share.Filters); got != want {
		fail("the backend saw %s, want %s", got, want)
	}
	if got, want := strings.Join(head.Get("who"), "|"), answered(a.Filters, share.Filters); got != want {
		fail("the answer's header is %q, want %q", got, want)
	}
}

func shareName(s *routing.Share) string {
	return s.Backend.Label()
}

func sameName(a *routing.Action, name string) (n int) {
	for i := range a.Shares {
		if shareName(&a.Shares[i]) == name {
			n++
		}
	}
	return n
}

// weigh compares the shares of all calls with the weights: within five standard
// deviations, which by chance fails once in a million.
func (a *comparison) weigh() {
	weighed := 0
	for action, got := range a.shares {
		n := 0
		for _, count := range got {
			n += count
		}
		want := map[string]float64{}
		for i := range action.Shares {
			num, den := action.Shares[i].Fraction()
			want[shareName(&action.Shares[i])] += float64(num) / float64(den)
		}
		if slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(name string) bool { _, known := want[name]; return !known }) {
			continue // which backend it was did not always show
		}
		for name, p := range want {
			if off := math.Abs(float64(got[name]) - p*float64(n)); off > 5*math.Sqrt(float64(n)*p*(1-p))+1 {
				a.t.Errorf("%s: %d of %d calls, want %.3f of them", name, got[name], n, p)
			}
			if p > 0 && p < 1 {
				weighed++
			}
		}
	}
	if weighed == 0 {
		a.t.Error("no weights were compared")
	}
}
