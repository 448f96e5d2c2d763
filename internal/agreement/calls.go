package agreement

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Agreement compares calls through the proxy with explanations.
type Agreement struct {
	t             testing.TB
	target        *Target
	backends      []string // addresses; each tells its number
	Calls, Routed int
	shares        map[*routing.Action]map[string]int
}

// New starts n backends.
func New(t testing.TB, target *Target, n int) *Agreement {
	a := &Agreement{t: t, target: target, shares: map[*routing.Action]map[string]int{}}
	for i := range n {
		a.backends = append(a.backends, Backend(t, fmt.Sprint(i)))
	}
	return a
}

// Backend serves any method. It tells its name and the headers it saw.
func Backend(t testing.TB, name string, o ...grpc.ServerOption) string {
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
func (a *Agreement) place(ts []*routing.Table, o *plan.Options) map[string]string {
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

// Through is tables that the proxy serves.
type Through struct {
	*Agreement
	names   map[string]string // backends' numbers, by name
	at      map[string]string // addresses, by port of a Gateway
	secure  map[string]bool
	clients map[string]*grpc.ClientConn
	notes   string
	stop    func()
}

// Open starts the proxy; nil when there is nothing to open. It looks for other
// addresses when somebody was faster.
func (a *Agreement) Open(ts []*routing.Table) *Through {
	a.t.Helper()
	inUse := ""
	for range 5 {
		var g *Through
		if g, inUse = a.tryOpen(ts); inUse == "" {
			return g
		}
	}
	a.t.Fatal(inUse)
	return nil
}

func (a *Agreement) tryOpen(ts []*routing.Table) (g *Through, inUse string) {
	a.t.Helper()
	o := Opened(a.t, ts)
	g = &Through{Agreement: a, at: o.Listen, secure: map[string]bool{}, clients: map[string]*grpc.ClientConn{}}
	g.names = a.place(ts, &o)
	text, notes, files, err := a.target.Translate(ts, o)
	if err != nil {
		a.t.Fatal(err)
	}
	for i := range notes {
		g.notes += fmt.Sprintf("\n%s: %s", notes[i].Range, notes[i].Message)
	}
	p, err := plan.Make(ts, o)
	if err != nil {
		a.t.Fatal(err)
	}
	var addresses []string
	for _, d := range p.Doors {
		g.secure[d.Name] = d.Secure
		addresses = append(addresses, d.Address)
	}
	if len(addresses) == 0 {
		return nil, ""
	}
	g.stop, inUse = a.target.TryRun(a.t, text, files, addresses)
	return g, inUse
}

// said is what the translation said, where that is short.
func (g *Through) said() string {
	if len(g.notes) > 2000 {
		return ""
	}
	return g.notes
}

// Close ends the proxy.
func (g *Through) Close() {
	for _, cc := range g.clients {
		_ = cc.Close()
	}
	g.stop()
}

// port returns where a request is made; ok is false for one that nobody listens to.
func (g *Through) port(table *routing.Table, r *routing.Request) (name string, ok bool) {
	if len(table.Serving(r)) != 1 {
		return "", false
	}
	name = r.Gateway
	if r.Port != 0 {
		name = fmt.Sprintf("%s:%d", r.Gateway, r.Port)
	}
	if l := table.Lookup(r).Listener; l != nil && l.Topology.Protocol == "TLS" {
		return "", false // passthrough
	}
	secure, ok := g.secure[name]
	return name, ok && secure == (r.SNI != "")
}

func (g *Through) client(name string, r *routing.Request) *grpc.ClientConn {
	key := name
	if r.SNI != "" {
		key += " " + r.SNI + " " + r.Authority
	}
	if cc := g.clients[key]; cc != nil {
		return cc
	}
	creds := grpc.WithTransportCredentials(insecure.NewCredentials())
	if r.SNI != "" {
		creds = WithSNI(r.SNI)
	}
	cc, err := grpc.NewClient(g.at[name], creds, grpc.WithAuthority(r.Authority))
	if err != nil {
		g.t.Fatal(err)
	}
	g.clients[key] = cc
	return cc
}

// Call makes a call and compares what happened with what explain says.
func (g *Through) Call(table *routing.Table, r *routing.Request) {
	name, ok := g.port(table, r)
	if g.target.Once {
		if r = once(r); slices.ContainsFunc(r.Headers, func(h routing.Header) bool { return h.Value == "" }) {
			return
		}
	}
	want := table.Explain(r)
	if !ok || want.Entry != nil && modifiesProtocol(want.Entry.Action) {
		return
	}
	g.Calls++
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
	err := g.client(name, r).Invoke(ctx, r.Path, &emptypb.Empty{}, &emptypb.Empty{}, options...)
	code := int(status.Code(err))
	fail := func(format string, args ...any) {
		g.t.Errorf("%+v under %s: %s (%v, explain: %s by %v)%s", *r, table.Topology.Profile.Name, fmt.Sprintf(format, args...), err, want.Outcome, describe(want.Entry), g.said())
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
	g.landed(want, code, md, head, trail, fail)
}

// once is a request without the second values of its headers.
func once(r *routing.Request) *routing.Request {
	out := *r
	out.Headers = nil
	for _, h := range r.Headers {
		if !slices.ContainsFunc(out.Headers, func(o routing.Header) bool { return strings.EqualFold(o.Name, h.Name) }) {
			out.Headers = append(out.Headers, h)
		}
	}
	return &out
}

func describe(e *routing.Entry) string {
	if e == nil {
		return "nobody"
	}
	return fmt.Sprintf("%s %s rule %d", e.Route.Kind, e.Route.Key(), e.Rule.Index)
}
