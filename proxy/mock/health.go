package mock

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// health says that all is well with every service that a mock answers for
// (grpc doc/health-checking.md).
type health struct {
	healthpb.UnimplementedHealthServer
	t *types
}

// serves reports whether a mock answers for a service; "" is the server as a whole.
func (h *health) serves(service string) bool {
	if service == "" || h.t.set == nil || h.t.set.Service(service) != nil {
		return true
	}
	d, err := h.t.own.FindDescriptorByName(protoreflect.FullName(service))
	_, isService := d.(protoreflect.ServiceDescriptor)
	return err == nil && isService
}

// Check answers SERVING, or NOT_FOUND for a service that the descriptors do not have.
func (h *health) Check(_ context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if !h.serves(in.Service) {
		return nil, status.Errorf(codes.NotFound, "the descriptors have no service %q", in.Service)
	}
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

// List answers SERVING for the server and each service of the descriptors.
func (h *health) List(context.Context, *healthpb.HealthListRequest) (*healthpb.HealthListResponse, error) {
	serving := &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}
	out := &healthpb.HealthListResponse{Statuses: map[string]*healthpb.HealthCheckResponse{"": serving}}
	if h.t.set != nil {
		for _, sd := range h.t.set.Services() {
			out.Statuses[string(sd.FullName())] = serving
		}
	}
	return out, nil
}

// Watch sends one status, which never changes, and stays open until the client
// leaves.
func (h *health) Watch(in *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	answer := healthpb.HealthCheckResponse_SERVING
	if !h.serves(in.Service) {
		answer = healthpb.HealthCheckResponse_SERVICE_UNKNOWN
	}
	if err := stream.Send(&healthpb.HealthCheckResponse{Status: answer}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return status.FromContextError(stream.Context().Err()).Err()
}
