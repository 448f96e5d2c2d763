package envoy

import (
	"net/textproto"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	"golang.org/x/net/http/httpguts"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// edits is what a chain of header modifiers does, as one step.
type edits struct {
	names  []string // in the order in which they come up
	fields map[string]*field
	host   string // what the authority is replaced by, "" for nothing
}

// field is what happens to one header: its values are replaced, or stay, and
// values are added.
type field struct {
	replaced bool
	values   []string
}

func (e *edits) of(name string) *field {
	if e.fields == nil {
		e.fields = map[string]*field{}
	}
	f := e.fields[name]
	if f == nil {
		f = &field{}
		e.fields[name] = f
		e.names = append(e.names, name)
	}
	return f
}

// hopHeaders belong to HTTP/1.1 and make a message of HTTP/2 malformed (RFC 9113,
// 8.2.2); no filter can add them.
var hopHeaders = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

// apply adds a modifier to the chain: what it removes, then what it sets, then
// what it adds. The host of a request is its authority.
func (w *writer) apply(e *edits, m *gatewayv1.HTTPHeaderFilter, request bool, doc *manifest.Document, path manifest.Path) {
	for i, name := range m.Remove {
		name = strings.ToLower(name)
		switch {
		case name == "host" || strings.HasPrefix(name, ":"): // neither is a field of the header
		case !httpguts.ValidHeaderFieldName(name):
			w.lost(doc, more(path, "remove", i), "no header is named %q: it is not removed", name)
		default:
			*e.of(name) = field{replaced: true}
		}
	}
	for _, list := range []struct {
		name    string
		headers []gatewayv1.HTTPHeader
	}{{"set", m.Set}, {"add", m.Add}} {
		for i, h := range list.headers {
			name := strings.ToLower(string(h.Name))
			switch {
			case name == "host" && request:
				e.host = h.Value
				continue
			case slices.Contains(hopHeaders, name) || name == "host" || !httpguts.ValidHeaderFieldName(name):
				w.lost(doc, more(path, list.name, i), "header %q cannot stand in a message of HTTP/2: it is left out", name)
				continue
			}
			f := e.of(name)
			if list.name == "set" {
				*f = field{replaced: true}
			}
			f.values = append(f.values, textproto.TrimString(h.Value))
		}
	}
}

func more(path manifest.Path, steps ...any) manifest.Path {
	return append(slices.Clone(path), steps...)
}

// mutations writes the chain. Envoy removes, then overwrites, then appends.
func (e *edits) mutations() (add []*corev3.HeaderValueOption, remove []string) {
	for _, name := range e.names {
		f := e.fields[name]
		if f.replaced && len(f.values) == 0 {
			remove = append(remove, name)
		}
		for i, value := range f.values {
			action := corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
			if f.replaced && i == 0 {
				action = corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
			}
			add = append(add, &corev3.HeaderValueOption{
				// A percent sign begins a variable.
				Header:       &corev3.HeaderValue{Key: name, Value: strings.ReplaceAll(value, "%", "%%")},
				AppendAction: action,
			})
		}
	}
	return add, remove
}

// modifiers returns the header modifiers of a filter.
func modifiers(f *topology.Filter) (request, response *gatewayv1.HTTPHeaderFilter) {
	switch {
	case f.Type == "RequestHeaderModifier" && f.GRPC != nil:
		return f.GRPC.RequestHeaderModifier, nil
	case f.Type == "RequestHeaderModifier" && f.HTTP != nil:
		return f.HTTP.RequestHeaderModifier, nil
	case f.Type == "ResponseHeaderModifier" && f.GRPC != nil:
		return nil, f.GRPC.ResponseHeaderModifier
	case f.Type == "ResponseHeaderModifier" && f.HTTP != nil:
		return nil, f.HTTP.ResponseHeaderModifier
	}
	return nil, nil
}

// change is all that the filters of a rule, and of one of its backends, do to the
// headers.
type change struct{ request, response edits }

// located is a filter with its place.
type located struct {
	*topology.Filter
	path manifest.Path
}

func at(path manifest.Path, list []*topology.Filter) []located {
	var out []located
	for _, f := range list {
		out = append(out, located{f, more(path, "filters", f.Index)})
	}
	return out
}

// change works the filters out. Requests see the rule's filters first, responses
// the backend's.
func (w *writer) change(r *topology.Route, rule, backend []located) *change {
	c := &change{}
	all := slices.Concat(rule, backend)
	for _, f := range all {
		if m, _ := modifiers(f.Filter); m != nil {
			w.apply(&c.request, m, true, r.Doc, more(f.path, "requestHeaderModifier"))
		}
	}
	for _, f := range slices.Backward(all) {
		if _, m := modifiers(f.Filter); m != nil {
			w.apply(&c.response, m, false, r.Doc, more(f.path, "responseHeaderModifier"))
		}
	}
	return c
}
