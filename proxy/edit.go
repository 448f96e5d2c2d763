package proxy

import (
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http2/hpack"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// edit is one header modifier. Of a filter that names a header twice, which the
// specification forbids, the order remove, set, add decides, and the later of two
// sets.
type edit struct {
	remove   []string // those that set replaces as well
	set, add []hpack.HeaderField
}

// oldHeaders belong to HTTP/1.1 and make a message of HTTP/2 malformed (RFC 9113,
// 8.2.2); no filter can add them.
var oldHeaders = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

func newEdit(f *gatewayv1.HTTPHeaderFilter) edit {
	var e edit
	for _, name := range f.Remove {
		e.remove = append(e.remove, strings.ToLower(name))
	}
	for _, h := range f.Set {
		if field, ok := newField(h); ok {
			e.remove = append(e.remove, field.Name)
			e.set = slices.DeleteFunc(e.set, func(old hpack.HeaderField) bool { return old.Name == field.Name })
			e.set = append(e.set, field)
		}
	}
	for _, h := range f.Add {
		if field, ok := newField(h); ok {
			e.add = append(e.add, field)
		}
	}
	return e
}

func newField(h gatewayv1.HTTPHeader) (hpack.HeaderField, bool) {
	name := strings.ToLower(string(h.Name))
	return hpack.HeaderField{Name: name, Value: h.Value}, !slices.Contains(oldHeaders, name)
}

// apply returns the fields as the edit leaves them, in place as far as they stay.
// The host of a request is its :authority.
func (e *edit) apply(fields []hpack.HeaderField) []hpack.HeaderField {
	out := fields[:0]
	for _, f := range fields {
		if f.Name[0] == ':' || !slices.Contains(e.remove, f.Name) {
			out = append(out, f)
		}
	}
	for _, list := range [][]hpack.HeaderField{e.set, e.add} {
		for _, f := range list {
			if f.Name == "host" && setAuthority(out, f.Value) {
				continue
			}
			out = append(out, f)
		}
	}
	return out
}

func setAuthority(fields []hpack.HeaderField, value string) bool {
	for i := range fields {
		if fields[i].Name == ":authority" {
			fields[i].Value = value
			return true
		}
	}
	return false
}

// modifiers returns the header modifiers of a filter for requests and responses;
// ok is false for a filter that is none.
func modifiers(f *topology.Filter) (request, response *gatewayv1.HTTPHeaderFilter, ok bool) {
	switch {
	case f.Type == "RequestHeaderModifier" && f.GRPC != nil:
		request = f.GRPC.RequestHeaderModifier
	case f.Type == "RequestHeaderModifier" && f.HTTP != nil:
		request = f.HTTP.RequestHeaderModifier
	case f.Type == "ResponseHeaderModifier" && f.GRPC != nil:
		response = f.GRPC.ResponseHeaderModifier
	case f.Type == "ResponseHeaderModifier" && f.HTTP != nil:
		response = f.HTTP.ResponseHeaderModifier
	}
	return request, response, request != nil || response != nil
}
