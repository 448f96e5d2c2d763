package envoy_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// plane is a data plane that has tables.
type plane struct {
	t       testing.TB
	name    string
	at      map[string]string // addresses, by port of a Gateway
	secure  map[string]bool   // those with TLS
	clients map[string]*grpc.ClientConn
	shares  map[*routing.Action]map[string]int
	stops   []func()
}

func newPlane(t testing.TB, name string) *plane {
	return &plane{t: t, name: name, at: map[string]string{}, secure: map[string]bool{}, clients: map[string]*grpc.ClientConn{}, shares: map[*routing.Action]map[string]int{}}
}

// serve opens the tables as the command of this name does, with the backends of
// Envoy.
func serve(t testing.TB, ts []*routing.Table, like *envoy.Options) *plane {
	t.Helper()
	authority, err := local.OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := local.Options{Authority: authority, Addresses: map[string]string{}, Listen: agreement.Addresses(t, 1)[0], Backends: map[local.Ref][]string{}}
	for name, addresses := range like.Backends {
		o.Backends[reference(t, name)] = addresses
	}
	for _, table := range ts {
		for _, g := range table.Topology.Gateways {
			o.Addresses[g.Key()] = "127.0.0.1:0"
		}
	}
	p := newPlane(t, "serve")
	t.Cleanup(p.close)
	for _, table := range ts { // each by itself: a gateway has one table of a profile
		g, err := local.Open([]*routing.Table{table}, o)
		if err != nil {
			t.Fatal(err)
		}
		p.stops = append(p.stops, func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = g.Shutdown(ctx) // the calls are done
		})
		for _, s := range g.Sockets() {
			name := s.Gateway
			if s.Port != 0 {
				name = fmt.Sprintf("%s:%d", s.Gateway, s.Port)
			}
			p.at[name], p.secure[name] = s.Address, s.TLS
		}
	}
	return p
}

// reference reads NS/NAME:PORT.
func reference(t testing.TB, name string) local.Ref {
	t.Helper()
	ref, port, _ := strings.Cut(name, ":")
	namespace, name, _ := strings.Cut(ref, "/")
	n, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return local.Ref{Namespace: namespace, Name: name, Port: int32(n)}
}

func (p *plane) close() {
	for _, cc := range p.clients {
		_ = cc.Close() // its calls are done
	}
	for _, stop := range p.stops {
		stop()
	}
	p.stops = nil
}

// port returns where a request is made; ok is false for one that nobody listens to.
func (p *plane) port(table *routing.Table, r *routing.Request) (name string, ok bool) {
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
	secure, ok := p.secure[name]
	return name, ok && secure == (r.SNI != "")
}

func (p *plane) client(name string, r *routing.Request) *grpc.ClientConn {
	key := name
	if r.SNI != "" {
		key += " " + r.SNI + " " + r.Authority
	}
	if cc := p.clients[key]; cc != nil {
		return cc
	}
	creds := grpc.WithTransportCredentials(insecure.NewCredentials())
	if r.SNI != "" {
		creds = withSNI(r.SNI)
	}
	cc, err := grpc.NewClient(p.at[name], creds, grpc.WithAuthority(r.Authority))
	if err != nil {
		p.t.Fatal(err)
	}
	p.clients[key] = cc
	return cc
}
