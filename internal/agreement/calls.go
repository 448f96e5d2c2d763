package agreement

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Opener starts data planes for tables, with options that have addresses and backends
// for them; none when there is nothing to open. inUse is what one said when somebody
// else has one of its addresses.
type Opener func(ts []*routing.Table, o plan.Options) (planes []*Plane, notes diag.List, inUse string)

// Agreement compares calls through data planes with explanations.
type Agreement struct {
	t             testing.TB
	start         Opener
	backends      []string // addresses; each tells its number
	Calls, Routed int
	once          bool // see [Target]
	// Authority is what all of them take as one.
	Authority *regexp.Regexp
}

// New starts n backends.
func New(t testing.TB, start Opener, n int) *Agreement {
	a := &Agreement{t: t, start: start, Authority: authority}
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

// Through is tables that data planes serve.
type Through struct {
	*Agreement
	names  map[string]string // backends' numbers, by name
	planes []*Plane
	notes  string
}

// Open starts the data planes; nil when there is nothing to open. It looks for other
// addresses when somebody was faster.
func (a *Agreement) Open(ts []*routing.Table) *Through {
	a.t.Helper()
	inUse := ""
	for range 5 {
		o := Opened(a.t, ts)
		g := &Through{Agreement: a, names: a.place(ts, &o)}
		var notes diag.List
		if g.planes, notes, inUse = a.start(ts, o); inUse != "" {
			continue
		}
		if len(g.planes) == 0 {
			return nil
		}
		for i := range notes {
			g.notes += fmt.Sprintf("\n%s: %s", notes[i].Range, notes[i].Message)
		}
		return g
	}
	a.t.Fatal(inUse)
	return nil
}

// said is what the translation said, where that is short.
func (g *Through) said() string {
	if len(g.notes) > 2000 {
		return ""
	}
	return g.notes
}

// Close ends the data planes.
func (g *Through) Close() {
	for _, p := range g.planes {
		p.Close()
	}
}

// Call makes a call through every data plane and compares what happened with what
// explain says.
func (g *Through) Call(table *routing.Table, r *routing.Request) {
	if _, ok := g.planes[0].port(table, r); !ok {
		return
	}
	if g.once {
		if r = once(r); slices.ContainsFunc(r.Headers, func(h routing.Header) bool { return h.Value == "" }) {
			return
		}
	}
	want := table.Explain(r)
	if want.Entry != nil && modifiesProtocol(want.Entry.Action) {
		return
	}
	g.Calls++
	for _, p := range g.planes {
		g.compare(p, table, r, want)
	}
}

func (g *Through) compare(p *Plane, table *routing.Table, r *routing.Request, want *routing.Decision) {
	name, ok := p.port(table, r)
	if !ok {
		g.t.Errorf("%+v: nobody listens for it at %s", *r, p.Name)
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
	err := p.Client(name, r).Invoke(ctx, r.Path, &emptypb.Empty{}, &emptypb.Empty{}, options...)
	code := int(status.Code(err))
	fail := func(format string, args ...any) {
		g.t.Errorf("%s: %+v under %s: %s (%v, explain: %s by %v)%s", p.Name, *r, table.Topology.Profile.Name, fmt.Sprintf(format, args...), err, want.Outcome, describe(want.Entry), g.said())
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
