package agreement

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/translate/plan"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const plain = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec: {gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: s, port: 1}]}]}
`

// dial opens a data plane before one backend, which s is.
func (start Start) dial(t *testing.T, s string) *grpc.ClientConn {
	t.Helper()
	address := Addresses(t, 1)[0]
	start(t, Compile(t, plain, profile.Spec), plan.Options{
		Listen: map[string]string{"d/gw:80": address}, Backends: map[string][]string{"d/s:1": {s}},
	}, address)
	cc, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

// Streams sends messages in both directions by turns, which shows that nothing is
// kept back, with binary metadata, details of a status in trailers, and more bytes
// than a window holds.
func (p *Target) Streams(t *testing.T) {
	p.Need(t)
	echo := Backend(t, "echo", grpc.StreamInterceptor(func(_ any, s grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		s.SetTrailer(metadata.Pairs("blob-bin", strings.Join(md.Get("blob-bin"), "")))
		for {
			var m wrapperspb.BytesValue
			if err := s.RecvMsg(&m); err != nil {
				if errors.Is(err, io.EOF) {
					return status.Error(codes.DataLoss, "at the end")
				}
				return err
			}
			if err := s.SendMsg(&m); err != nil {
				return err
			}
		}
	}))
	cc := Start(p.start).dial(t, echo)
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(context.Background(), "blob-bin", "\x00\xff"), 30*time.Second)
	defer cancel()
	s, err := cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/p.S/M")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 1000, 3_000_000} {
		m := wrapperspb.Bytes(make([]byte, size))
		if err := s.SendMsg(m); err != nil {
			t.Fatal(err)
		}
		var got wrapperspb.BytesValue
		if err := s.RecvMsg(&got); err != nil || len(got.Value) != size {
			t.Fatalf("%d bytes of %d: %v", len(got.Value), size, err)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if err := s.RecvMsg(&emptypb.Empty{}); status.Code(err) != codes.DataLoss || status.Convert(err).Message() != "at the end" {
		t.Errorf("the stream ended with %v", err)
	}
	if got := s.Trailer().Get("blob-bin"); len(got) != 1 || got[0] != "\x00\xff" {
		t.Errorf("the trailer is %q", got)
	}
}

// Deadlines makes a call that its client gives up: the backend is told.
func (p *Target) Deadlines(t *testing.T) {
	p.Need(t)
	Deadlines(t, p.start)
}

// Deadlines is [Target.Deadlines] for any data plane.
func Deadlines(t *testing.T, start Start) {
	const attempts = 5
	ended := make(chan bool, attempts)
	slow := Backend(t, "slow", grpc.StreamInterceptor(func(_ any, s grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
		_, has := s.Context().Deadline()
		<-s.Context().Done()
		ended <- has
		return s.Context().Err()
	}))
	cc := start.dial(t, slow)
	call := func() (time.Duration, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := cc.Invoke(ctx, "/p.S/M", &emptypb.Empty{}, &emptypb.Empty{})
		return time.Since(begin), err
	}
	took, err := call()
	for try := 1; try < attempts && status.Code(err) == codes.Unavailable && took >= 300*time.Millisecond; try++ {
		took, err = call() // on a busy machine the backend may be the first to give up
	}
	if status.Code(err) != codes.DeadlineExceeded || took < 200*time.Millisecond || took > 10*time.Second {
		t.Errorf("%v after %s", err, took)
	}
	select {
	case has := <-ended:
		if !has {
			t.Error("the backend was not told of the deadline")
		}
	case <-time.After(10 * time.Second):
		t.Error("the backend goes on")
	}
}
