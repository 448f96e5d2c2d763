package agreement

import (
	"context"
	"crypto/tls"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// authority is what most proxies take as one.
var authority = regexp.MustCompile(`^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*(:[0-9]+)?$`)

// sendable reports whether grpc-go sends a request as it is, and proxies take it so.
func (a *Agreement) sendable(r *routing.Request) bool {
	for _, h := range r.Headers {
		if strings.HasSuffix(h.Name, "-bin") || strings.HasPrefix(h.Name, "grpc-") || strings.HasPrefix(h.Name, ":") ||
			strings.HasPrefix(h.Name, "x-envoy-") || strings.HasPrefix(h.Name, "x-forwarded-") ||
			slices.Contains([]string{"content-type", "te", "user-agent", "host", "connection", "keep-alive", "transfer-encoding", "proxy-connection", "upgrade"}, h.Name) ||
			strings.TrimSpace(h.Value) != h.Value {
			return false
		}
	}
	return r.Service == "" && a.Authority.MatchString(r.Authority)
}

// seen lists the request headers that the backend told of.
func seen(trail metadata.MD) string {
	var out []string
	for name, values := range trail {
		if rest, ok := strings.CutPrefix(name, "seen-"); ok && rest != "authority" {
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
		if f.Type == "RequestHeaderModifier" && f.GRPC != nil {
			modify(md, f.GRPC.RequestHeaderModifier)
		} else if f.Type == "RequestHeaderModifier" {
			modify(md, f.HTTP.RequestHeaderModifier)
		}
	}
	var out []string
	for name, values := range md {
		if len(values) > 0 && name != "host" {
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
		if f.Type == "ResponseHeaderModifier" && f.GRPC != nil {
			modify(md, f.GRPC.ResponseHeaderModifier)
		} else if f.Type == "ResponseHeaderModifier" {
			modify(md, f.HTTP.ResponseHeaderModifier)
		}
	}
	return strings.Join(md.Get("who"), "|")
}

func modify(md metadata.MD, m *gatewayv1.HTTPHeaderFilter) {
	for _, name := range m.Remove {
		delete(md, strings.ToLower(name))
	}
	for _, h := range m.Set {
		md.Set(string(h.Name), h.Value)
	}
	for _, h := range m.Add {
		md.Append(string(h.Name), h.Value)
	}
}

// anyAuthority lets a connection carry calls to another authority than its SNI.
type anyAuthority struct {
	credentials.TransportCredentials
	sni string
}

// withSNI are the credentials of a client that asks for a server name.
func withSNI(name string) grpc.DialOption {
	c := credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // whose certificate it is does not matter here
	return grpc.WithTransportCredentials(anyAuthority{c, name})
}

func (anyAuthority) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

func (c anyAuthority) Clone() credentials.TransportCredentials {
	return anyAuthority{c.TransportCredentials.Clone(), c.sni}
}

func (c anyAuthority) ClientHandshake(ctx context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c.TransportCredentials.ClientHandshake(ctx, c.sni, conn)
}

// modifiesProtocol reports whether an action changes the headers that make a request
// one of gRPC: what comes of that is between the proxy and the backend.
func modifiesProtocol(a *routing.Action) bool {
	filters := slices.Clone(a.Filters)
	for i := range a.Shares {
		filters = append(filters, a.Shares[i].Filters...)
	}
	for _, f := range filters {
		for _, m := range modifiersOf(f) {
			names := slices.Clone(m.Remove)
			for _, h := range slices.Concat(m.Set, m.Add) {
				names = append(names, string(h.Name))
			}
			for _, name := range names {
				if name = strings.ToLower(name); name == "content-type" || name == "te" || strings.HasPrefix(name, "grpc-") {
					return true
				}
			}
		}
	}
	return false
}

// modifiersOf returns what a filter does to headers, of requests or of answers.
func modifiersOf(f *topology.Filter) []*gatewayv1.HTTPHeaderFilter {
	var all []*gatewayv1.HTTPHeaderFilter
	if f.GRPC != nil {
		all = append(all, f.GRPC.RequestHeaderModifier, f.GRPC.ResponseHeaderModifier)
	}
	if f.HTTP != nil {
		all = append(all, f.HTTP.RequestHeaderModifier, f.HTTP.ResponseHeaderModifier)
	}
	return slices.DeleteFunc(all, func(m *gatewayv1.HTTPHeaderFilter) bool { return m == nil })
}
