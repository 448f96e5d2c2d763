package mock

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/diag"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	alphapb "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// types is what the mocks know of services and messages.
type types struct {
	*dynamicpb.Types                 // of the set
	set              *descriptor.Set // nil when any method is answered
	own              *protoregistry.Files
}

// newTypes takes a set, which may be nil.
func newTypes(set *descriptor.Set) *types {
	t := &types{set: set, own: &protoregistry.Files{}}
	for _, f := range []protoreflect.FileDescriptor{
		healthpb.File_grpc_health_v1_health_proto,
		reflectionpb.File_grpc_reflection_v1_reflection_proto,
		alphapb.File_grpc_reflection_v1alpha_reflection_proto,
	} {
		_ = t.own.RegisterFile(f) // three files without imports, each with a package of its own
	}
	files := &protoregistry.Files{}
	if set != nil {
		files = set.Files()
	}
	t.Types = dynamicpb.NewTypes(files)
	return t
}

// method finds the method of a path.
func (t *types) method(path string) (protoreflect.MethodDescriptor, error) {
	service, method, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if m := t.set.Method(service, method); m != nil {
		return m, nil
	}
	if sd := t.set.Service(service); sd != nil {
		var all []string
		for i := range sd.Methods().Len() {
			all = append(all, string(sd.Methods().Get(i).Name()))
		}
		return nil, status.Errorf(codes.Unimplemented, "service %s has no method %q%s", service, method, meant(method, all))
	}
	var all []string
	for _, sd := range t.set.Services() {
		all = append(all, string(sd.FullName()))
	}
	return nil, status.Errorf(codes.Unimplemented, "the descriptors have no service %q%s", service, meant(service, all))
}

// meant asks for the nearest name, or lists the names when there are few.
func meant(name string, all []string) string {
	best, limit := "", max(2, len(name)/3)+1
	for _, c := range all {
		if d := diag.Distance(strings.ToLower(name), strings.ToLower(c)); d < limit {
			best, limit = c, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(": did you mean %s?", best)
	case len(all) > 0 && len(all) <= 5:
		return ": expected one of " + strings.Join(all, ", ")
	}
	return ""
}

// register adds health and reflection. services is what reflection lists beside
// the set; nil for nothing.
func (t *types) register(srv *grpc.Server, services func() []string) {
	healthpb.RegisterHealthServer(srv, &health{t: t})
	o := reflection.ServerOptions{Services: &listing{t, services}, DescriptorResolver: t, ExtensionResolver: t}
	reflectionpb.RegisterServerReflectionServer(srv, reflection.NewServerV1(o))
	alphapb.RegisterServerReflectionServer(srv, reflection.NewServer(o))
}

// listing is the services that reflection lists.
type listing struct {
	t        *types
	services func() []string
}

// GetServiceInfo implements [reflection.ServiceInfoProvider]; only names matter.
func (l *listing) GetServiceInfo() map[string]grpc.ServiceInfo {
	out := map[string]grpc.ServiceInfo{
		healthpb.Health_ServiceDesc.ServiceName:               {},
		reflectionpb.ServerReflection_ServiceDesc.ServiceName: {},
		alphapb.ServerReflection_ServiceDesc.ServiceName:      {},
	}
	switch {
	case l.t.set != nil:
		for _, sd := range l.t.set.Services() {
			out[string(sd.FullName())] = grpc.ServiceInfo{}
		}
	case l.services != nil:
		for _, name := range l.services() {
			out[name] = grpc.ServiceInfo{}
		}
	}
	return out
}

// FindFileByPath returns a file of the set, or of health and reflection.
func (t *types) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if t.set != nil {
		if f, err := t.set.Files().FindFileByPath(path); err == nil {
			return f, nil
		}
	}
	return t.own.FindFileByPath(path)
}

// FindDescriptorByName returns a descriptor of the set, or of health and reflection.
func (t *types) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if t.set != nil {
		if d, err := t.set.Files().FindDescriptorByName(name); err == nil {
			return d, nil
		}
	}
	return t.own.FindDescriptorByName(name)
}

// RangeExtensionsByMessage calls f for each extension of a message that the set
// declares, inside of messages too.
func (t *types) RangeExtensionsByMessage(message protoreflect.FullName, f func(protoreflect.ExtensionType) bool) {
	if t.set == nil {
		return
	}
	t.set.Files().RangeFiles(func(fd protoreflect.FileDescriptor) bool {
		return extensions(fd, message, f)
	})
}

// scope is what can hold extensions: a file or a message.
type scope interface {
	Extensions() protoreflect.ExtensionDescriptors
	Messages() protoreflect.MessageDescriptors
}

func extensions(in scope, message protoreflect.FullName, f func(protoreflect.ExtensionType) bool) bool {
	for i := range in.Extensions().Len() {
		x := in.Extensions().Get(i)
		if x.ContainingMessage().FullName() == message && !f(dynamicpb.NewExtensionType(x)) {
			return false
		}
	}
	for i := range in.Messages().Len() {
		if !extensions(in.Messages().Get(i), message, f) {
			return false
		}
	}
	return true
}
