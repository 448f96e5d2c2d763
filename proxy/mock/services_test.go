//lint:file-ignore SA1019 the older version of reflection is what most clients still speak
package mock_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/proxy/mock"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	alphapb "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
)

func TestHealth(t *testing.T) {
	tests := []struct {
		name, service string
		o             mock.Options
		code          codes.Code
	}{
		{"the server", "", mock.Options{Descriptors: shopSet(t)}, codes.OK},
		{"a service", "shop.v1.Cart", mock.Options{Descriptors: shopSet(t)}, codes.OK},
		{"its own", "grpc.health.v1.Health", mock.Options{Descriptors: shopSet(t)}, codes.OK},
		{"a message", "grpc.health.v1.HealthCheckRequest", mock.Options{Descriptors: shopSet(t)}, codes.NotFound},
		{"a stranger", "shop.v2.Cart", mock.Options{Descriptors: shopSet(t)}, codes.NotFound},
		{"any without descriptors", "shop.v2.Cart", mock.Options{}, codes.OK},
		{"untouched by faults", "", mock.Options{Faults: []mock.Fault{{Code: codes.Aborted, Percent: 100}}, Latencies: []mock.Latency{{Min: time.Hour, Max: time.Hour}}}, codes.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := healthpb.NewHealthClient(dial(t, start(t, tt.o), cart))
			out, err := c.Check(short(t), &healthpb.HealthCheckRequest{Service: tt.service})
			if status.Code(err) != tt.code || err == nil && out.Status != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("Check = %v, %v, want %s", out, err, tt.code)
			}
			w, err := c.Watch(short(t), &healthpb.HealthCheckRequest{Service: tt.service})
			if err != nil {
				t.Fatal(err)
			}
			want := healthpb.HealthCheckResponse_SERVING
			if tt.code != codes.OK {
				want = healthpb.HealthCheckResponse_SERVICE_UNKNOWN
			}
			if out, err := w.Recv(); err != nil || out.Status != want {
				t.Errorf("Watch = %v, %v, want %s", out, err, want)
			}
		})
	}
	list, err := healthpb.NewHealthClient(dial(t, start(t, mock.Options{Descriptors: shopSet(t)}), cart)).List(short(t), &healthpb.HealthListRequest{})
	if err != nil || len(list.Statuses) != 2 || list.Statuses["shop.v1.Cart"].GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("List = %v, %v", list, err)
	}
}

// TestReflection asks both versions, for extensions too.
func TestReflection(t *testing.T) {
	set := setOf(t, `syntax = "proto2";
package x;
message Base { extensions 100 to 200; }
extend Base { optional string first = 100; }
message Inner { extend Base { optional int32 second = 150; } }
service S { rpc M(Base) returns (Base); }
`)
	cc := dial(t, start(t, mock.Options{Descriptors: set}), cart)
	v1, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(short(t))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(in *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
		t.Helper()
		if err := v1.Send(in); err != nil {
			t.Fatal(err)
		}
		out, err := v1.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	numbers := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_AllExtensionNumbersOfType{AllExtensionNumbersOfType: "x.Base"}})
	if got := numbers.GetAllExtensionNumbersResponse().GetExtensionNumber(); len(got) != 2 || got[0] != 100 || got[1] != 150 {
		t.Errorf("extensions: %v", numbers)
	}
	file := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingExtension{
		FileContainingExtension: &reflectionpb.ExtensionRequest{ContainingType: "x.Base", ExtensionNumber: 150}}})
	if len(file.GetFileDescriptorResponse().GetFileDescriptorProto()) != 1 {
		t.Errorf("the file of an extension: %v", file)
	}
	absent := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "x.None"}})
	if absent.GetErrorResponse().GetErrorCode() != int32(codes.NotFound) {
		t.Errorf("an absent symbol: %v", absent)
	}
	alpha, err := alphapb.NewServerReflectionClient(cc).ServerReflectionInfo(short(t), grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	if err := alpha.Send(&alphapb.ServerReflectionRequest{MessageRequest: &alphapb.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	out, err := alpha.Recv()
	if err != nil || len(out.GetListServicesResponse().GetService()) != 4 || out.GetListServicesResponse().GetService()[3].GetName() != "x.S" {
		t.Errorf("v1alpha lists %v, %v", out, err)
	}
}

// TestServicesAreAskedAgain for each listing: manifests change while mocks run.
func TestServicesAreAskedAgain(t *testing.T) {
	var asked atomic.Int32
	cc := dial(t, start(t, mock.Options{Services: func(b *topology.Backend) []string {
		return []string{fmt.Sprintf("%s.Version%d", b.Name, asked.Add(1))}
	}}), cart)
	c, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(short(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cart.Version1", "cart.Version2"} {
		if err := c.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}); err != nil {
			t.Fatal(err)
		}
		out, err := c.Recv()
		if err != nil || len(out.GetListServicesResponse().GetService()) != 4 || out.GetListServicesResponse().GetService()[0].GetName() != want {
			t.Errorf("listed %v, %v, want %s first", out, err, want)
		}
	}
}
