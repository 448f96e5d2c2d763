package mock_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestParseLatency(t *testing.T) {
	const ms = time.Millisecond
	const want = "expected [BACKEND=]DURATION[..DURATION], as 20ms or shop/cart=10ms..80ms"
	tests := []struct {
		in   string
		want mock.Latency
		err  string
	}{
		{"20ms", mock.Latency{Min: 20 * ms, Max: 20 * ms}, ""},
		{"10ms..1.5s", mock.Latency{Min: 10 * ms, Max: 1500 * ms}, ""},
		{"shop/cart=0..5ms", mock.Latency{Backend: "shop/cart", Max: 5 * ms}, ""},
		{"shop/cart:50051=5ms", mock.Latency{Backend: "shop/cart:50051", Min: 5 * ms, Max: 5 * ms}, ""},
		{"20", mock.Latency{}, `"20" is no duration: ` + want},
		{"", mock.Latency{}, `"" is no duration: ` + want},
		{"-1s", mock.Latency{}, `"-1s" is no duration: ` + want},
		{"1s..", mock.Latency{}, `"" is no duration: ` + want},
		{"2s..1s", mock.Latency{}, `2s is longer than 1s: expected the shorter one first`},
		{"cart=1s", mock.Latency{}, `"cart" is no backend: expected NS/NAME or NS/NAME:PORT`},
		{"a/b/c=1s", mock.Latency{}, `"a/b/c" is no backend: expected NS/NAME or NS/NAME:PORT`},
		{"a/b:0=1s", mock.Latency{}, `"a/b:0" is no backend: expected NS/NAME or NS/NAME:PORT`},
		{"a/b:70000=1s", mock.Latency{}, `"a/b:70000" is no backend: expected NS/NAME or NS/NAME:PORT`},
		{"=1s", mock.Latency{}, `"" is no backend: expected NS/NAME or NS/NAME:PORT`},
	}
	for _, tt := range tests {
		got, err := mock.ParseLatency(tt.in)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseLatency(%q) (-want +got)\n%s", tt.in, diff)
		}
		if tt.err != "" && (err == nil || err.Error() != tt.err) || tt.err == "" && err != nil {
			t.Errorf("ParseLatency(%q): %v, want %s", tt.in, err, tt.err)
		}
	}
}

func TestParseError(t *testing.T) {
	tests := []struct {
		in   string
		want mock.Fault
		err  string // contained
	}{
		{"UNAVAILABLE", mock.Fault{Code: codes.Unavailable, Percent: 100}, ""},
		{"unavailable:10", mock.Fault{Code: codes.Unavailable, Percent: 10}, ""},
		{"DeadlineExceeded:0.5%", mock.Fault{Code: codes.DeadlineExceeded, Percent: 0.5}, ""},
		{"canceled", mock.Fault{Code: codes.Canceled, Percent: 100}, ""},
		{"CANCELLED", mock.Fault{Code: codes.Canceled, Percent: 100}, ""},
		{"14", mock.Fault{Code: codes.Unavailable, Percent: 100}, ""},
		{"shop/cart:1=data-loss:50", mock.Fault{Backend: "shop/cart:1", Code: codes.DataLoss, Percent: 50}, ""},
		{"UNAVAILBLE", mock.Fault{}, `"UNAVAILBLE" is no gRPC status: did you mean UNAVAILABLE? All are CANCELLED, UNKNOWN,`},
		{"teapot", mock.Fault{}, `"teapot" is no gRPC status: expected one of CANCELLED, UNKNOWN,`},
		{"", mock.Fault{}, `"" is no gRPC status: expected one of`},
		{"17", mock.Fault{}, `"17" is no gRPC status: expected one of`},
		{"OK", mock.Fault{}, "OK is no error"},
		{"0:10", mock.Fault{}, "OK is no error"},
		{"INTERNAL:0", mock.Fault{}, `"0" is no percentage: expected a number above 0 and up to 100, as UNAVAILABLE:10`},
		{"INTERNAL:101", mock.Fault{}, `"101" is no percentage`},
		{"INTERNAL:NaN", mock.Fault{}, `"NaN" is no percentage`},
		{"INTERNAL:", mock.Fault{}, `"" is no percentage`},
		{"cart=INTERNAL", mock.Fault{}, `"cart" is no backend`},
	}
	for _, tt := range tests {
		got, err := mock.ParseError(tt.in)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseError(%q) (-want +got)\n%s", tt.in, diff)
		}
		if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) || tt.err == "" && err != nil {
			t.Errorf("ParseError(%q): %v, want %s", tt.in, err, tt.err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, o := range map[string]mock.Options{
		"two latencies for all backends: give one": {Latencies: []mock.Latency{{}, {Max: 1}}},
		"the errors for backend a/b make up 120% of its calls: expected 100% at most": {Faults: []mock.Fault{
			{Code: 1, Percent: 60}, {Backend: "a/b", Code: 1, Percent: 60}, {Backend: "a/b", Code: 2, Percent: 60}}},
	} {
		if _, err := mock.New(o); err == nil || err.Error() != want {
			t.Errorf("New = %v, want %s", err, want)
		}
	}
}

func TestCheckBackends(t *testing.T) {
	known := []*topology.Backend{cart, {Namespace: "shop", Name: "pay", Port: 1}}
	for name, want := range map[string]string{
		"": "", "shop/cart": "", "shop/pay:1": "",
		"shop/carr:50051": `no route has a backend "shop/carr:50051": did you mean shop/cart:50051?`,
		"shop/crat":       `no route has a backend "shop/crat": did you mean shop/cart?`,
		"shop/pay:2":      `no route has a backend "shop/pay:2": did you mean shop/pay:1?`,
		"x/y":             `no route has a backend "x/y": expected one of shop/cart, shop/pay`,
	} {
		for _, o := range []mock.Options{{Latencies: []mock.Latency{{Backend: name}}}, {Faults: []mock.Fault{{Backend: name}}}} {
			if err := o.CheckBackends(known); want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
				t.Errorf("%q: %v, want %s", name, err, want)
			}
		}
	}
}

// TestScopes: the closest name counts.
func TestScopes(t *testing.T) {
	s := start(t, mock.Options{Faults: []mock.Fault{
		{Code: codes.Aborted, Percent: 100}, {Backend: "a/b", Code: codes.DataLoss, Percent: 100}, {Backend: "a/b:2", Code: codes.Internal, Percent: 100},
	}})
	for _, tt := range []struct {
		b    topology.Backend
		want codes.Code
	}{
		{topology.Backend{Namespace: "a", Name: "c", Port: 1}, codes.Aborted},
		{topology.Backend{Namespace: "a", Name: "b", Port: 1}, codes.DataLoss},
		{topology.Backend{Namespace: "a", Name: "b", Port: 2}, codes.Internal},
	} {
		err := dial(t, s, &tt.b).Invoke(short(t), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{})
		if status.Code(err) != tt.want {
			t.Errorf("%s/%s:%d: %v, want %s", tt.b.Namespace, tt.b.Name, tt.b.Port, err, tt.want)
		}
	}
}

func TestPercent(t *testing.T) {
	cc := dial(t, start(t, mock.Options{Faults: []mock.Fault{{Code: codes.Aborted, Percent: 30}, {Code: codes.DataLoss, Percent: 10}}}), cart)
	const calls = 2000
	got := map[codes.Code]float64{}
	for range calls {
		got[status.Code(cc.Invoke(short(t), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}))]++
	}
	for code, share := range map[codes.Code]float64{codes.OK: 0.6, codes.Aborted: 0.3, codes.DataLoss: 0.1} {
		if off := math.Abs(got[code] - share*calls); off > 5*math.Sqrt(calls*share*(1-share)) {
			t.Errorf("%s: %g of %d calls, want about %g", code, got[code], calls, share*calls)
		}
	}
}

func TestLatency(t *testing.T) {
	cc := dial(t, start(t, mock.Options{Latencies: []mock.Latency{{Min: 60 * time.Millisecond, Max: 80 * time.Millisecond}}}), cart)
	begun := time.Now()
	if err := cc.Invoke(short(t), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(begun); d < 60*time.Millisecond {
		t.Errorf("the answer took %s", d)
	}
	slow := dial(t, start(t, mock.Options{Latencies: []mock.Latency{{Min: time.Hour, Max: time.Hour}}}), cart)
	ctx, cancel := context.WithTimeout(short(t), 50*time.Millisecond)
	defer cancel()
	if err := slow.Invoke(ctx, "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("past the deadline: %v", err)
	}
}
