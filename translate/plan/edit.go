package plan

import (
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Edits is what a chain of header modifiers does, as one step.
type Edits struct {
	Fields []*Field // in the order in which they come up
	Host   string   // what the authority is replaced by, "" for nothing
}

// Field is what happens to one header: its values are replaced, or stay, and
// values are added.
type Field struct {
	Name     string // lower case
	Replaced bool
	Values   []string
	// Doc and Path are the place of a modifier that says so.
	Doc  *manifest.Document
	Path manifest.Path
}

// Empty reports whether nothing is done.
func (e *Edits) Empty() bool { return len(e.Fields) == 0 && e.Host == "" }

func (e *Edits) of(name string) *Field {
	for _, f := range e.Fields {
		if f.Name == name {
			return f
		}
	}
	f := &Field{Name: name}
	e.Fields = append(e.Fields, f)
	return f
}

// hopHeaders belong to HTTP/1.1 and make a message of HTTP/2 malformed (RFC 9113,
// 8.2.2); no filter can add them.
var hopHeaders = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

// authority is a host with, perhaps, a port.
var authority = regexp.MustCompile(`^[A-Za-z0-9._:\[\]-]+$`)

// apply adds a modifier to the chain: what it removes, then what it sets, then
// what it adds. The host of a request is its authority.
func (p *Plan) apply(e *Edits, m *gatewayv1.HTTPHeaderFilter, request bool, doc *manifest.Document, path manifest.Path) {
	for i, name := range m.Remove {
		name = strings.ToLower(name)
		switch {
		case name == "host" || strings.HasPrefix(name, ":"): // neither is a field of the header
		case !IsHeader(name):
			p.Lost(doc, more(path, "remove", i), "no header of a gRPC call is named %q: it is not removed", name)
		default:
			f := e.of(name)
			*f = Field{Name: name, Replaced: true, Doc: doc, Path: more(path, "remove", i)}
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
				if e.Host = h.Value; !authority.MatchString(h.Value) {
					e.Host = ""
					p.Lost(doc, more(path, list.name, i), "%q is no authority: it is left out", h.Value)
				}
				continue
			case !IsHeader(name) || strings.ContainsAny(h.Value, "\x00\r\n"):
				p.Lost(doc, more(path, list.name, i), "no header of a gRPC call is %q: %q: it is left out", name, h.Value)
				continue
			case slices.Contains(hopHeaders, name) || name == "host":
				p.Lost(doc, more(path, list.name, i), "header %q cannot stand in a message of HTTP/2: it is left out", name)
				continue
			}
			f := e.of(name)
			f.Doc, f.Path = doc, more(path, list.name, i)
			if list.name == "set" {
				f.Replaced, f.Values = true, nil
			}
			f.Values = append(f.Values, textproto.TrimString(h.Value))
		}
	}
}

// IsHeader reports whether a header of a gRPC call may have a name, which is in
// lower case (gRPC PROTOCOL-HTTP2.md, Header-Name).
func IsHeader(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r))
	})
}

func more(path manifest.Path, steps ...any) manifest.Path {
	return append(slices.Clone(path), steps...)
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

// change works out what the filters of a rule, and of one of its backends, do to
// the headers. Requests see the rule's filters first, responses the backend's.
func (p *Plan) change(r *topology.Route, rule, backend []located) (request, response Edits) {
	all := slices.Concat(rule, backend)
	for _, f := range all {
		if m, _ := modifiers(f.Filter); m != nil {
			p.apply(&request, m, true, r.Doc, more(f.path, "requestHeaderModifier"))
		}
	}
	for _, f := range slices.Backward(all) {
		if _, m := modifiers(f.Filter); m != nil {
			p.apply(&response, m, false, r.Doc, more(f.path, "responseHeaderModifier"))
		}
	}
	return request, response
}
