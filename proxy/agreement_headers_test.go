package proxy_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
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

// ordinary reports whether the header modifiers of an action name each header once
// and leave those of the protocol alone: what the others come to, neither the
// specification nor grpc-go says.
func ordinary(a *routing.Action) bool {
	filters := slices.Clone(a.Filters)
	for i := range a.Shares {
		filters = append(filters, a.Shares[i].Filters...)
	}
	for _, f := range filters {
		for _, kind := range []string{"RequestHeaderModifier", "ResponseHeaderModifier"} {
			m := headerFilter(f, kind)
			if m == nil {
				continue
			}
			names := slices.Clone(m.Remove)
			for _, h := range slices.Concat(m.Set, m.Add) {
				names = append(names, string(h.Name))
			}
			for i, name := range names {
				names[i] = strings.ToLower(name)
			}
			slices.Sort(names)
			if len(slices.Compact(slices.Clone(names))) < len(names) || slices.ContainsFunc(names, ofProtocol) {
				return false
			}
		}
	}
	return true
}

// ofProtocol reports whether a header is gRPC's or HTTP's own.
func ofProtocol(name string) bool {
	return strings.HasSuffix(name, "-bin") || strings.HasPrefix(name, "grpc-") || strings.HasPrefix(name, ":") ||
		slices.Contains([]string{"content-type", "te", "user-agent", "host", "connection", "keep-alive", "transfer-encoding", "proxy-connection", "upgrade"}, name)
}
