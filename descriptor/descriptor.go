// Package descriptor reads what Protocol Buffers say of services: .proto files,
// compiled here, and descriptor sets that protoc or buf have written. Both end in
// one [Set] that knows each service, method and message, and where it is written.
// It knows nothing of routes: what a missing method means is for others to say.
package descriptor

import (
	"io"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Options are the inputs of [Load]. The zero value has none and gives an empty Set.
type Options struct {
	// Protos are folders and .proto files. A folder is read with all folders below
	// it, and is what imports are relative to. A file belongs to the deepest of the
	// folders given; outside of them to the folder that its package's name implies
	// (api for api/user/v1/user.proto of package user.v1), or to its own.
	Protos []string
	// Sets are binary FileDescriptorSets, or "-" for Stdin.
	Sets []string
	// Stdin is read for the set "-".
	Stdin io.Reader
}

// Set is everything that was read, linked. It never changes and may be used by
// many goroutines.
type Set struct {
	files    *protoregistry.Files
	services map[string]protoreflect.ServiceDescriptor
	sources  map[string]*unit // by import name
}

// Load reads and links all inputs. Google's well-known types are built in; copies
// of them in the input are passed over. What is wrong with the input is an [*Error]
// with every mistake that was found; a path that cannot be read is an error of its
// own. No Set is returned beside an error.
//
// One file given twice counts once. A name that a .proto file and a descriptor set
// share is the .proto file's. Of two sets that hold different files of one name the
// first counts, unless they declare services: then it is a mistake, because nobody
// could tell which one is meant.
func Load(o Options) (*Set, error) {
	l := newLoader()
	if err := l.sets(o); err != nil {
		return nil, err
	}
	if err := l.protos(o.Protos); err != nil {
		return nil, err
	}
	l.resolve()
	if err := l.error(); err != nil {
		return nil, err
	}
	s := l.link()
	if err := l.error(); err != nil {
		return nil, err
	}
	return s, nil
}

// Services returns every service of the input, by full name.
func (s *Set) Services() []protoreflect.ServiceDescriptor {
	out := make([]protoreflect.ServiceDescriptor, 0, len(s.services))
	for _, sd := range s.services {
		out = append(out, sd)
	}
	slices.SortFunc(out, func(a, b protoreflect.ServiceDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return out
}

// Service returns the service of a full name, as "user.v1.UserService"; nil when
// the input has none.
func (s *Set) Service(name string) protoreflect.ServiceDescriptor { return s.services[name] }

// Method returns a method of a service; nil when the input does not have it.
func (s *Set) Method(service, method string) protoreflect.MethodDescriptor {
	sd := s.services[service]
	if sd == nil {
		return nil
	}
	return sd.Methods().ByName(protoreflect.Name(method))
}

// Files returns every file of the input, and the well-known ones that it imports.
// It finds descriptors by name and extensions by walking its files. The caller must
// not add to it.
func (s *Set) Files() *protoregistry.Files { return s.files }
