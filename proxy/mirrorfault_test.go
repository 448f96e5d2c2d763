package proxy_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// TestMirrorStalls: a mirror that takes nothing, or not enough, holds up no call
// and no memory.
func TestMirrorStalls(t *testing.T) {
	stalled, _ := backend(t, grpc.InitialWindowSize(65535), grpc.StreamInterceptor(func(_ any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
		<-ss.Context().Done()
		return ss.Context().Err()
	}))
	for _, test := range []struct{ name, address string }{
		{"its handlers read nothing", stalled},
		{"its socket is open and nobody answers", listen(t).Addr().String()},
	} {
		t.Run(test.name, func(t *testing.T) {
			first, _ := backend(t)
			g := serveTable(t, compile(t, mirrored), map[string]string{"main": first, "copy": test.address}, proxy.Options{})
			tc := testpb.NewTestServiceClient(dial(t, g.address))
			before := inUse()
			const streams, messages, size = 40, 100, 50 << 10
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range streams / 4 {
						upload(t, tc, messages, size)
					}
				})
			}
			wg.Wait()
			if grown := inUse() - before; grown > 32<<20 {
				t.Errorf("%d bytes are kept for the mirror", grown)
			}
			stats := g.Stats()
			if stats.MirrorsDropped != streams {
				t.Errorf("%d of %d copies were dropped", stats.MirrorsDropped, streams)
			}
		})
	}
}

// upload makes a client-streaming call.
func upload(t *testing.T, tc testpb.TestServiceClient, messages, size int) {
	stream, err := tc.StreamingInputCall(short(t))
	if err != nil {
		t.Error(err)
		return
	}
	for range messages {
		if err := stream.Send(&testpb.StreamingInputCallRequest{Payload: &testpb.Payload{Body: make([]byte, size)}}); err != nil {
			t.Error(err)
			return
		}
	}
	out, err := stream.CloseAndRecv()
	if err != nil || int(out.GetAggregatedPayloadSize()) != messages*size {
		t.Errorf("the backend got %d bytes of %d: %v", out.GetAggregatedPayloadSize(), messages*size, err)
	}
}

// TestMirrorKilled: calls do not notice that their mirror dies in mid-stream, and
// it is used again once it is back.
func TestMirrorKilled(t *testing.T) {
	first, _ := backend(t)
	second, s := backend(t)
	g := serveTable(t, compile(t, mirrored), map[string]string{"main": first, "copy": second}, proxy.Options{})
	stream, err := testpb.NewTestServiceClient(dial(t, g.address)).FullDuplexCall(short(t))
	if err != nil {
		t.Fatal(err)
	}
	in := &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 7}}}
	exchange(t, stream, in, 7)
	s.Stop()
	for range 20 {
		exchange(t, stream, in, 7)
	}
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	for range 20 {
		if _, err := tc.EmptyCall(short(t), &testpb.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	if stats := g.Stats(); stats.MirrorsDropped < 2 {
		t.Errorf("%d copies were dropped", stats.MirrorsDropped)
	}
	back, copies, _ := anything(t)
	g.Update(g.config(map[string]string{"main": first, "copy": back}))
	if err := dial(t, g.address).Invoke(short(t), "/m.All/Call", &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Error(err)
	}
	_ = stream.CloseSend()
	g.settled(t)
	if n := copies.count("/m.All/Call"); n != 1 {
		t.Errorf("%d copies reached the mirror that is back", n)
	}
}

// TestMirrorLeaksNothing: copies end with calls that are given up, and a while
// after those that came to their end.
func TestMirrorLeaksNothing(t *testing.T) {
	waits := make(chan struct{})
	first, _ := backend(t)
	second, _ := backend(t, grpc.UnaryInterceptor(func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		<-waits
		return nil, fmt.Errorf("late")
	}))
	g := serveTable(t, compile(t, mirrored), map[string]string{"main": first, "copy": second}, proxy.Options{MirrorGrace: time.Second})
	defer close(waits)
	tc := testpb.NewTestServiceClient(dial(t, g.address))
	call := func() {
		for range 50 {
			if _, err := tc.EmptyCall(short(t), &testpb.Empty{}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(short(t))
		for range 50 {
			stream, err := tc.FullDuplexCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, stream, &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 7}}}, 7)
		}
		cancel()
	}
	call()
	stats := g.settled(t)
	if stats.Mirrored != 100 || stats.MirrorsDropped != 50 {
		t.Errorf("got %+v", stats)
	}
}
