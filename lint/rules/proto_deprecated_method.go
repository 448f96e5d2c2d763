package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

var protoDeprecatedMethod = &lint.Rule{
	ID:       "proto-deprecated-method",
	Summary:  "a match names a method or service that its .proto file marks as deprecated",
	Section:  lint.ProtoSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkProtoDeprecatedMethod,
	PerSet:   true,
}

func checkProtoDeprecatedMethod(p *lint.Pass) {
	eachNamed(p, func(n *apiNames, doc *manifest.Document, path manifest.Path, service, method string) {
		s := n.set.Service(service)
		if s == nil {
			return
		}
		var marked protoreflect.Descriptor
		what, field := fmt.Sprintf("service %q", service), "service"
		if o, ok := s.Options().(*descriptorpb.ServiceOptions); ok && o.GetDeprecated() {
			marked = s
		} else if m := n.set.Method(service, method); m != nil {
			if o, ok := m.Options().(*descriptorpb.MethodOptions); ok && o.GetDeprecated() {
				marked, what, field = m, fmt.Sprintf("method %q", service+"/"+method), "method"
			}
		}
		if marked == nil {
			return
		}
		d := diag.Diagnostic{
			Message: what + " is deprecated in its .proto file, and this match keeps it in use",
			Hint:    "remove the match when no client calls it any more",
		}
		if at := n.set.Position(marked); at.Start.Line > 0 {
			d.Related = []diag.Related{{Message: "declared here", Range: at}}
		}
		p.Report(doc, below(path, field), d)
	})
}
