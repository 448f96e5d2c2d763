package proxy_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc/metadata"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// seen lists the request headers that the backend told of.
func seen(trail metadata.MD) string {
	var out []string
	for name, values := range trail {
		if rest, ok := strings.CutPrefix(name, "seen-"); ok {
			out = append(out, rest+": "+strings.Join(values, "|"))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// modified is what a backend has to see of a request's headers: the filters of the
// rule work first, then those of the backend.
func modified(sent metadata.MD, rule, backend []*topology.Filter) string {
	md := sent.Copy()
	for _, f := range slices.Concat(rule, backend) {
		if m := headerFilter(f, "RequestHeaderModifier"); m != nil {
			modify(md, m)
		}
	}
	var out []string
	for name, values := range md {
		if len(values) > 0 {
			out = append(out, name+": "+strings.Join(values, "|"))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// answered is the header "who" that a client has to see of a backend that sends
// "server": the filters of the backend work first, then those of the rule.
func answered(rule, backend []*topology.Filter) string {
	md := metadata.Pairs("who", "server")
	for _, f := range slices.Concat(backend, rule) {
		if m := headerFilter(f, "ResponseHeaderModifier"); m != nil {
			modify(md, m)
		}
	}
	return strings.Join(md.Get("who"), "|")
}

func headerFilter(f *topology.Filter, kind string) *gatewayv1.HTTPHeaderFilter {
	switch {
	case f.Type != kind:
		return nil
	case f.GRPC != nil && kind == "RequestHeaderModifier":
		return f.GRPC.RequestHeaderModifier
	case f.GRPC != nil:
		return f.GRPC.ResponseHeaderModifier
	case kind == "RequestHeaderModifier":
		return f.HTTP.RequestHeaderModifier
	}
	return f.HTTP.ResponseHeaderModifier
}

func modify(md metadata.MD, m *gatewayv1.HTTPHeaderFilter) {
	for _, name := range m.Remove {
		delete(md, strings.ToLower(name))
	}
	for _, h := range m.Set {
		md.Set(string(h.Name), h.Value)
	}
	for _, h := range m.Add {
		md.Append(string(h.Name), fmt.Sprint(h.Value))
	}
}
