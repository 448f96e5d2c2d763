package xds_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

var randomManifests = random.Options{
	Regex: true, MethodOnly: true,
	Backends: []string{"name: s0, port: 80", "name: s1, port: 80", "name: s2, port: 80", "kind: ConfigMap, name: bad, port: 80"},
	Filters: []string{"", "", "",
		"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: k, value: seen}]}}",
		"{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}"},
}

// TestGRPCClientsAgree makes calls of gRPC clients to random tables: each goes where
// explain says, or fails with the same status.
func TestGRPCClientsAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ts []*routing.Table
	n := 24
	if testing.Short() {
		n = 8
	}
	for seed := range n {
		namespace := fmt.Sprintf("d%dx", seed)
		text := strings.ReplaceAll(random.New(uint64(seed)).Manifests(randomManifests), "namespace: d", "namespace: "+namespace)
		ts = append(ts, agreement.Compile(t, text, profile.All[seed%len(profile.All)]))
		for i := range 3 {
			w.options.Backends[fmt.Sprintf("%s/s%d:80", namespace, i)] = []string{w.shared(i)}
		}
	}
	w.serveTables(ts...)
	a := &comparison{world: w, clients: map[string]*grpc.ClientConn{}}
	for i, table := range ts {
		source := random.New(uint64(i) + 1000)
		for range 60 {
			q := source.Call()
			q.Gateway = table.Topology.Gateways[0].Key()
			a.call(table, &q)
		}
	}
	t.Logf("%d calls, %d routed, %d clients", a.calls, a.routed, len(a.clients))
	if a.calls < n*5 || a.routed < a.calls/20 {
		t.Errorf("%d calls were made, %d of them were routed", a.calls, a.routed)
	}
	if said := w.heard(); strings.Contains(said, "refuses") {
		t.Errorf("the server says:\n%s", said)
	}
}

// shared returns the address of one of three backends that all tables have.
func (w *world) shared(i int) string {
	for len(w.backends) <= i {
		w.backends = append(w.backends, agreement.Backend(w.t, "s"+strconv.Itoa(len(w.backends))))
	}
	return w.backends[i]
}

type comparison struct {
	*world
	clients       map[string]*grpc.ClientConn
	calls, routed int
}

// client dials what a request is for; nil for a host that nobody has.
func (a *comparison) client(r *routing.Request) *grpc.ClientConn {
	host := r.Authority
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	target := net.JoinHostPort(host, strconv.Itoa(int(r.Port)))
	if key := r.Gateway + " " + target; a.clients[key] == nil {
		if a.served[r.Gateway].Listener(target) == nil {
			return nil
		}
		a.clients[key] = a.dialXDS(r.Gateway, target)
	}
	return a.clients[r.Gateway+" "+target]
}

func (a *comparison) call(table *routing.Table, r *routing.Request) {
	a.t.Helper()
	want := table.Explain(r)
	port := func(l *topology.Listener) bool { return l.Port == r.Port }
	if !slices.ContainsFunc(table.Topology.Gateways[0].Listeners, port) {
		return // there is no such port
	}
	if r.Port == 0 || r.SNI != "" || repeats(r) || len(table.Serving(r)) != 1 {
		return
	}
	cc := a.client(r)
	if cc == nil {
		if want.Entry != nil {
			a.t.Errorf("%+v under %s: explain has %s, and no client may dial it", *r, table.Topology.Profile.Name, want.Entry.Route.Key())
		}
		return
	}
	a.calls++
	ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	for _, h := range r.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, h.Name, h.Value)
	}
	var head metadata.MD
	err := cc.Invoke(ctx, r.Path, &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&head))
	got := strings.Join(head.Get("backend"), ",")
	if err != nil {
		got = fmt.Sprintf("status %d", status.Code(err))
	} else {
		a.routed++
	}
	if allowed := outcomes(want); !slices.Contains(allowed, got) {
		a.t.Errorf("%+v under %s: %s (%v), explain has %v", *r, table.Topology.Profile.Name, got, err, allowed)
	}
}

// repeats reports whether a header comes twice; gRPC clients ask the values joined.
func repeats(r *routing.Request) bool {
	seen := map[string]bool{}
	for _, h := range r.Headers {
		if seen[h.Name] {
			return true
		}
		seen[h.Name] = true
	}
	return false
}

// outcomes lists what may become of a call: backends, and statuses.
func outcomes(want *routing.Decision) (out []string) {
	if want.Entry == nil {
		answer := want.Answer
		if answer == nil {
			answer = &profile.Spec.Answers.NoListener
		}
		return []string{fmt.Sprintf("status %d", answer.GRPC)}
	}
	action := want.Entry.Action
	for i := range action.Shares {
		s := &action.Shares[i]
		switch {
		case s.Weight == 0:
		case s.Answer != nil:
			out = append(out, fmt.Sprintf("status %d", s.Answer.GRPC))
		default:
			out = append(out, s.Backend.Name)
		}
	}
	for _, f := range action.Filters {
		if f.Type == "ExtensionRef" && action.Answer == nil {
			return []string{fmt.Sprintf("status %d", want.Server.Profile.Answers.UnsupportedFilter.GRPC)}
		}
	}
	if action.Answer != nil {
		out = append(out, fmt.Sprintf("status %d", action.Answer.GRPC))
	}
	return out
}
