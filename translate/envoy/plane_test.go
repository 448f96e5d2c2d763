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
)

// serve opens the tables as the command of this name does, with the backends of
// Envoy.
func serve(t testing.TB, ts []*routing.Table, like *envoy.Options) *agreement.Plane {
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
	p := agreement.NewPlane(t, "serve")
	t.Cleanup(p.Close)
	for _, table := range ts { // each by itself: a gateway has one table of a profile
		g, err := local.Open([]*routing.Table{table}, o)
		if err != nil {
			t.Fatal(err)
		}
		p.Stops = append(p.Stops, func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = g.Shutdown(ctx) // the calls are done
		})
		for _, s := range g.Sockets() {
			name := s.Gateway
			if s.Port != 0 {
				name = fmt.Sprintf("%s:%d", s.Gateway, s.Port)
			}
			p.At[name], p.Secure[name] = s.Address, s.TLS
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
