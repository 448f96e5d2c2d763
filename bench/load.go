package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// order is what a process that plays the client is told, as JSON.
type order struct {
	Workload workload
	Address  string
	Roots    []byte // certificates in PEM
	Pids     []int  // of the proxy
}

// result is what it answers.
type result struct {
	CPU     float64 // seconds of the proxy
	Writes  int64   // write system calls of the proxy
	Seconds float64
	Errors  int64
	First   string // error
}

// maxErrors is after how many failed calls a client gives up.
const maxErrors = 100

// callTimeout bounds each call and stream.
const callTimeout = 10 * time.Second

// load does what the order says: some calls to warm up, then those that are
// counted.
func load(ctx context.Context, in io.Reader, out io.Writer) error {
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return err
	}
	c, err := newClient(&o)
	if err != nil {
		return err
	}
	defer c.close()
	warm := o.Workload.warmup()
	c.drive(ctx, &warm)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if c.errors.Swap(0) > maxErrors {
		return fmt.Errorf("the calls to warm up fail: %v", c.first.Load())
	}
	c.first = atomic.Value{}
	before, err := usageOf(o.Pids)
	if err != nil {
		return err
	}
	begin := time.Now()
	c.drive(ctx, &o.Workload)
	r := result{Seconds: time.Since(begin).Seconds(), Errors: c.errors.Load()}
	time.Sleep(20 * time.Millisecond) // what the proxy still has to do for them
	after, err := usageOf(o.Pids)
	if err != nil {
		return err
	}
	r.CPU, r.Writes = after.cpu-before.cpu, after.writes-before.writes
	r.First, _ = c.first.Load().(string)
	return json.NewEncoder(out).Encode(r)
}

// client is the connections to a proxy.
type client struct {
	conns  []*grpc.ClientConn
	errors atomic.Int64
	first  atomic.Value
}

// dial connects lazily, as grpc-go does.
func dial(address string, roots []byte) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if roots != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(roots) {
			return nil, errors.New("no certificate in the order")
		}
		creds = credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: hostname, MinVersion: tls.VersionTLS13})
	}
	return grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(creds), grpc.WithAuthority(hostname),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(64<<20)),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry())
}

func newClient(o *order) (*client, error) {
	c := &client{}
	var roots []byte
	if o.Workload.TLS {
		roots = o.Roots
	}
	for range o.Workload.Conns {
		cc, err := dial(o.Address, roots)
		if err != nil {
			return nil, err
		}
		c.conns = append(c.conns, cc)
	}
	return c, nil
}

func (c *client) close() {
	for _, cc := range c.conns {
		_ = cc.Close() // nothing is left to do with it
	}
}

// drive keeps a number of calls in flight until all are done.
func (c *client) drive(ctx context.Context, w *workload) {
	var next atomic.Int64
	var group sync.WaitGroup
	for i := range w.Parallel {
		cc := c.conns[i%len(c.conns)]
		group.Go(func() {
			for next.Add(1) <= int64(w.Calls) && c.errors.Load() <= maxErrors && ctx.Err() == nil {
				if err := w.call(ctx, cc); err != nil {
					c.errors.Add(1)
					c.first.CompareAndSwap(nil, err.Error())
				}
			}
		})
	}
	group.Wait()
}

// call makes one call and checks its answer.
func (w *workload) call(ctx context.Context, cc *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch w.Kind {
	case down:
		return w.download(ctx, cc)
	case bidi:
		return w.pingPong(ctx, cc)
	}
	in, out := make([]byte, w.Size), []byte(nil)
	if err := cc.Invoke(ctx, "/bench.Echo/Unary", &in, &out); err != nil {
		return err
	}
	if len(out) != len(in) {
		return fmt.Errorf("sent %d bytes, got %d back", len(in), len(out))
	}
	return nil
}

func (w *workload) download(ctx context.Context, cc *grpc.ClientConn) error {
	s, err := cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/bench.Echo/Down")
	if err != nil {
		return err
	}
	in := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w.Messages)), uint32(w.Size))
	if err := s.SendMsg(&in); err != nil {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		var out []byte
		err := s.RecvMsg(&out)
		switch {
		case err == io.EOF && n == w.Messages:
			return nil
		case err != nil:
			return fmt.Errorf("after %d messages of %d: %w", n, w.Messages, err)
		case len(out) != w.Size:
			return fmt.Errorf("a message has %d bytes: expected %d", len(out), w.Size)
		}
	}
}

func (w *workload) pingPong(ctx context.Context, cc *grpc.ClientConn) error {
	s, err := cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/bench.Echo/Bidi")
	if err != nil {
		return err
	}
	in := make([]byte, w.Size)
	for range w.Messages {
		if err := s.SendMsg(&in); err != nil {
			return err
		}
		var out []byte
		if err := s.RecvMsg(&out); err != nil {
			return err
		}
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	var out []byte
	if err := s.RecvMsg(&out); err != io.EOF {
		return fmt.Errorf("the stream ends with %v", err)
	}
	return nil
}
