package verify

import (
	"net/textproto"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// edits is what becomes of the headers of a message, whoever does it in however many
// steps: for each name whether its values go, and what comes after them.
type edits struct {
	fields map[string]*field
	host   string // what the authority is replaced by, "" for nothing
}

type field struct {
	replaced bool
	values   []string
	other    []string // what depends on the message, in words
}

func (e *edits) of(name string) *field {
	name = strings.ToLower(name)
	if e.fields == nil {
		e.fields = map[string]*field{}
	}
	f := e.fields[name]
	if f == nil {
		f = &field{}
		e.fields[name] = f
	}
	return f
}

func (e *edits) set(name, value string) { *e.of(name) = field{replaced: true, values: []string{value}} }
func (e *edits) remove(name string)     { *e.of(name) = field{replaced: true} }
func (e *edits) add(name, value string) {
	f := e.of(name)
	f.values = append(f.values, value)
}

// texts writes the edits, the same for the same ones: "set request header x: 1".
func (e *edits) texts(direction string) []string {
	var out []string
	for name, f := range e.fields {
		if f.replaced && len(f.values) == 0 && len(f.other) == 0 {
			out = append(out, "remove "+direction+" header "+name)
			continue
		}
		words := "add "
		if f.replaced {
			words = "set "
		}
		if len(f.values) > 0 {
			out = append(out, words+direction+" header "+name+": "+strings.Join(f.values, ", and "))
		} else if f.replaced {
			out = append(out, "remove "+direction+" header "+name)
		}
		for _, o := range f.other {
			out = append(out, direction+" header "+name+": "+o)
		}
	}
	if e.host != "" {
		out = append(out, "set authority: "+e.host)
	}
	slices.Sort(out)
	return out
}

// options adds what one level of an Envoy configuration says: it removes, then
// overwrites, then appends.
func (e *edits) options(add []*corev3.HeaderValueOption, remove []string) {
	for _, name := range remove {
		e.remove(name)
	}
	var later []func()
	for _, o := range add {
		h := o.GetHeader()
		value, plain := unescaped(h.GetValue())
		if len(h.GetRawValue()) > 0 {
			value, plain = string(h.GetRawValue()), true
		}
		name := h.GetKey()
		action := actionOf(o)
		switch {
		case value == "" && !o.GetKeepEmptyValue():
		case !plain:
			later = append(later, func() { f := e.of(name); f.other = append(f.other, action.String()+" "+h.GetValue()) })
		case action == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD:
			e.set(name, value)
		case action == corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:
			later = append(later, func() { e.add(name, value) })
		default:
			later = append(later, func() { f := e.of(name); f.other = append(f.other, action.String()+" "+value) })
		}
	}
	for _, f := range later {
		f()
	}
}

// unescaped reads a value in which percent signs begin variables; plain is false
// where there is one.
func unescaped(text string) (value string, plain bool) {
	rest := strings.ReplaceAll(text, "%%", "")
	return strings.ReplaceAll(text, "%%", "%"), !strings.Contains(rest, "%")
}

// modifier adds a header modifier of the manifests: what it removes, then what it
// sets, then what it adds (GA apis/v1/httproute_types.go, HTTPHeaderFilter). The host
// of a request is its authority.
func (e *edits) modifier(m *gatewayv1.HTTPHeaderFilter, request bool) {
	for _, name := range m.Remove {
		if !strings.EqualFold(name, "host") && !strings.HasPrefix(name, ":") { // neither is a field of the header
			e.remove(name)
		}
	}
	for _, h := range m.Set {
		if strings.EqualFold(string(h.Name), "host") && request {
			e.host = h.Value
			continue
		}
		e.set(string(h.Name), textproto.TrimString(h.Value))
	}
	for _, h := range m.Add {
		if strings.EqualFold(string(h.Name), "host") && request {
			e.host = h.Value
			continue
		}
		e.add(string(h.Name), textproto.TrimString(h.Value))
	}
}

// modifiers returns the header modifiers of a filter.
func modifiers(f *topology.Filter) (request, response *gatewayv1.HTTPHeaderFilter) {
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
	return request, response
}
