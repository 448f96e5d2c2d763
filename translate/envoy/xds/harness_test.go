package xds_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/envoy/xds"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	grpcxds "google.golang.org/grpc/xds"
	"google.golang.org/protobuf/types/known/emptypb"
)

// world is a server with backends, whose manifests a test edits.
type world struct {
	t        testing.TB
	options  envoy.Options
	server   *xds.Server
	address  string
	mu       sync.Mutex
	said     strings.Builder
	served   map[string]*envoy.Clients // by Gateway
	backends []string
}

// newWorld starts a server. Backends "d/NAME:80" have servers of their own.
func newWorld(t testing.TB, backends ...string) *world {
	t.Helper()
	w := &world{t: t, options: envoy.Options{Backends: map[string][]string{}, Listen: map[string]string{}}}
	for _, name := range backends {
		w.options.Backends["d/"+name+":80"] = []string{agreement.Backend(t, name)}
	}
	w.server = xds.New(xds.Options{Linger: 300 * time.Millisecond, Log: func(l xds.Level, text string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		fmt.Fprintf(&w.said, "%d %s\n", l, text)
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	go func() { _ = w.server.Serve(l) }()
	t.Cleanup(w.server.Close)
	return w
}

// heard is what the server has told.
func (w *world) heard() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

// serve serves manifests, and waits until clients have them.
func (w *world) serve(text string) {
	w.t.Helper()
	w.serveTables(agreement.Compile(w.t, text, profile.Spec))
}

func (w *world) serveTables(ts ...*routing.Table) {
	w.t.Helper()
	w.pushTables(ts...)
	w.settle()
}

// push serves manifests from some time on.
func (w *world) push(text string) { w.pushTables(agreement.Compile(w.t, text, profile.Spec)) }

func (w *world) pushTables(ts ...*routing.Table) {
	w.t.Helper()
	w.served = map[string]*envoy.Clients{}
	var gateways []xds.Gateway
	for _, t := range ts {
		for _, g := range t.Topology.Gateways {
			o := w.options
			o.Gateway = g.Key()
			d, _, err := envoy.Discover(ts, o, envoy.ADS)
			if err != nil {
				w.t.Fatal(err)
			}
			c, _, err := envoy.ForClients(ts, o)
			if err != nil {
				w.t.Fatal(err)
			}
			w.served[g.Key()] = c
			gateways = append(gateways, xds.Gateway{Name: g.Key(), Envoy: d, Clients: c})
		}
	}
	if err := w.server.Update(gateways); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) settle() {
	w.t.Helper()
	ctx, done := context.WithTimeout(context.Background(), 30*time.Second)
	defer done()
	if err := w.server.Settle(ctx); err != nil {
		w.t.Fatalf("%v\n%s", err, w.heard())
	}
}

// envoy runs an Envoy that asks the server, and returns the address of its admin
// interface.
func (w *world) envoy(node string, delta bool) string {
	t := w.t
	t.Helper()
	admin := agreement.Addresses(t, 1)[0]
	b, err := xds.EnvoyBootstrap(xds.BootstrapOptions{Node: node, Address: w.address, Admin: admin, Delta: delta})
	if err != nil {
		t.Fatal(err)
	}
	text, err := envoy.JSON(b)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "envoy.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(agreement.Envoy(t), "--log-level", "warning", "--concurrency", "2", "--disable-hot-restart", "-c", name)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("Envoy said:\n%s\nthe server said:\n%s", said.Bytes(), w.heard())
		}
	})
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if r, err := http.Get("http://" + admin + "/ready"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return admin
			}
		}
	}
	t.Fatalf("Envoy is not ready:\n%s", w.heard())
	return ""
}

// dial connects to an Envoy.
func dial(t testing.TB, address, authority string) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(authority))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

// dialXDS connects a gRPC client that asks the server where its calls go.
func (w *world) dialXDS(node, target string) *grpc.ClientConn {
	t := w.t
	t.Helper()
	text, err := xds.GRPCBootstrap(xds.BootstrapOptions{Node: node, Address: w.address})
	if err != nil {
		t.Fatal(err)
	}
	resolver, err := grpcxds.NewXDSResolverWithConfigForTesting(text)
	if err != nil {
		t.Fatal(err)
	}
	cc, err := grpc.NewClient("xds:///"+target, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithResolvers(resolver))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

// call makes a call, and returns which backend answered.
func call(cc *grpc.ClientConn, path string, pairs ...string) (string, error) {
	ctx, done := context.WithTimeout(metadata.AppendToOutgoingContext(context.Background(), pairs...), 10*time.Second)
	defer done()
	var head metadata.MD
	err := cc.Invoke(ctx, path, &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&head))
	return strings.Join(head.Get("backend"), ","), err
}
