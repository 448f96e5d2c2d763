package proxy_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// loop calls f until the test ends, with a client that it may replace.
func (s *soaking) loop(kind int, f func(context.Context, *grpc.ClientConn) error) {
	for !s.over() {
		cc, err := grpc.NewClient(s.g.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			s.Error(err)
			return
		}
		for range 200 {
			if s.over() {
				break
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			if err := f(ctx, cc); err != nil {
				s.Errorf("kind %d: %v", kind, err)
			}
			cancel()
			s.calls[kind].Add(1)
		}
		_ = cc.Close()
	}
}

func (s *soaking) over() bool {
	select {
	case <-s.stop:
		return true
	default:
		return s.Failed()
	}
}

func (s *soaking) unary() {
	s.loop(0, func(ctx context.Context, cc *grpc.ClientConn) error {
		in := &testpb.SimpleRequest{ResponseSize: rand.Int32N(100000), Payload: &testpb.Payload{Body: make([]byte, rand.IntN(100000))}}
		_, err := testpb.NewTestServiceClient(cc).UnaryCall(ctx, in)
		return err
	})
}

func (s *soaking) upload() {
	s.loop(1, func(ctx context.Context, cc *grpc.ClientConn) error {
		stream, err := testpb.NewTestServiceClient(cc).StreamingInputCall(ctx)
		for range 20 {
			if err == nil {
				err = stream.Send(&testpb.StreamingInputCallRequest{Payload: &testpb.Payload{Body: make([]byte, rand.IntN(60000))}})
			}
		}
		if err != nil {
			return err
		}
		_, err = stream.CloseAndRecv()
		return err
	})
}

func (s *soaking) bidi() {
	s.loop(2, func(ctx context.Context, cc *grpc.ClientConn) error { return pingPong(ctx, cc, 30, s.timed()) })
}

// timed notes the longest exchange.
func (s *soaking) timed() func(int) {
	last := time.Now()
	return func(int) {
		took := time.Since(last)
		last = last.Add(took)
		for {
			longest := s.longest.Load()
			if int64(took) <= longest || s.longest.CompareAndSwap(longest, int64(took)) {
				return
			}
		}
	}
}

// pingPong exchanges messages and tells of each.
func pingPong(ctx context.Context, cc *grpc.ClientConn, n int, tell func(int)) error {
	stream, err := testpb.NewTestServiceClient(cc).FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	for i := range n {
		err := stream.Send(&testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: rand.Int32N(3000)}}})
		if err != nil && err != io.EOF { // Recv says why it ended
			return err
		}
		if _, err := stream.Recv(); err != nil {
			return status.Errorf(status.Code(err), "after %d exchanges: %v", i, err)
		}
		if tell != nil {
			tell(i)
		}
	}
	return stream.CloseSend()
}

func (s *soaking) cancel() {
	s.loop(3, func(ctx context.Context, cc *grpc.ClientConn) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(3000))*time.Microsecond)
		defer cancel()
		switch err := pingPong(ctx, cc, 1000, nil); status.Code(err) {
		case codes.OK, codes.Canceled, codes.DeadlineExceeded:
			return nil
		default:
			if ctx.Err() != nil {
				return nil // grpc-go reports the end of the stream in its own ways
			}
			return err
		}
	})
}

func (s *soaking) deadline() {
	s.loop(4, func(ctx context.Context, cc *grpc.ClientConn) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(20))*time.Millisecond)
		defer cancel()
		err := cc.Invoke(ctx, "/hangs.Service/Call", &testpb.Empty{}, &testpb.Empty{})
		if status.Code(err) == codes.DeadlineExceeded {
			return nil
		}
		return err
	})
}

// vanish opens calls and tears the connection down.
func (s *soaking) vanish() {
	for !s.over() {
		nc, err := net.Dial("tcp", s.g.address)
		if err != nil {
			s.Error(err)
			return
		}
		r := rawPeer(nc)
		_, err = nc.Write([]byte(http2.ClientPreface))
		for i := 0; i < 30 && err == nil; i++ {
			if i == 0 {
				err = r.WriteSettings()
			}
			block := r.request("/grpc.testing.TestService/FullDuplexCall")
			_ = r.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: block, EndHeaders: true})
			_ = r.WriteData(uint32(2*i+1), false, make([]byte, rand.IntN(5000)))
			s.calls[5].Add(1)
		}
		time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
		_ = nc.(*net.TCPConn).SetLinger(0)
		_ = nc.Close()
	}
}

// listeners opens sockets and drains them under calls.
func (s *soaking) listeners() {
	for !s.over() {
		socket, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.Error(err)
			return
		}
		go func() { _ = s.g.Serve(socket, proxy.Listener{Gateway: "demo/gw", Port: 8080}) }()
		cc, err := grpc.NewClient(socket.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			s.Error(err)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if err := pingPong(ctx, cc, 5, nil); err != nil {
			s.Error("before the drain:", err)
		}
		done, begun := make(chan error, 1), make(chan bool, 1)
		go func() {
			done <- pingPong(ctx, cc, 100, func(i int) {
				if i == 0 {
					begun <- true
				}
			})
		}()
		select {
		case <-begun:
		case err := <-done:
			done <- err
		}
		if err := s.g.Drain(ctx, socket); err != nil {
			s.Error("drain:", err)
		}
		if err := <-done; err != nil {
			s.Error("a call in flight while its listener went:", err)
		}
		s.calls[6].Add(1)
		cancel()
		_ = cc.Close()
	}
}

// flaky kills a backend and starts it again; its calls may fail as unavailable.
func (s *soaking) flaky(address string) {
	var wg sync.WaitGroup
	wg.Go(func() {
		s.loop(7, func(ctx context.Context, cc *grpc.ClientConn) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			err := cc.Invoke(ctx, "/flaky.Service/Call", &testpb.Empty{}, &testpb.Empty{})
			if c := status.Code(err); c == codes.Unavailable || c == codes.OK || c == codes.Unimplemented {
				return nil
			}
			return err
		})
	})
	for !s.over() {
		if l, err := net.Listen("tcp", address); err == nil {
			server := grpc.NewServer()
			testpb.RegisterTestServiceServer(server, interop.NewTestServer())
			go func() { _ = server.Serve(l) }()
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
			server.Stop()
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
	}
	wg.Wait()
}

func (s *soaking) reload(addresses func(int) map[string]string) {
	for i := 0; !s.over(); i++ {
		s.g.Update(s.g.config(addresses(i)))
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
	}
}
