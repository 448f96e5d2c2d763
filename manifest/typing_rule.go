package manifest

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func (t *typing) rule(r *gatewayv1.GRPCRouteRule, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "name":
			r.Name = (*gatewayv1.SectionName)(t.sharedText(v))
		case "matches":
			r.Matches = listOf(t, v, t.match)
		case "filters":
			r.Filters = listOf(t, v, t.filter)
		case "backendRefs":
			r.BackendRefs = listOf(t, v, t.backend)
		default:
			t.failed = true
		}
	})
}

func (t *typing) match(m *gatewayv1.GRPCRouteMatch, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "method":
			m.Method = &gatewayv1.GRPCMethodMatch{}
			t.method(m.Method, v)
		case "headers":
			m.Headers = listOf(t, v, t.headerMatch)
		default:
			t.failed = true
		}
	})
}

func (t *typing) method(m *gatewayv1.GRPCMethodMatch, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "type":
			m.Type = (*gatewayv1.GRPCMethodMatchType)(t.sharedText(v))
		case "service":
			m.Service = t.sharedText(v)
		case "method":
			m.Method = t.sharedText(v)
		default:
			t.failed = true
		}
	})
}

func (t *typing) headerMatch(h *gatewayv1.GRPCHeaderMatch, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "type":
			h.Type = (*gatewayv1.GRPCHeaderMatchType)(t.sharedText(v))
		case "name":
			h.Name = textOf[gatewayv1.GRPCHeaderName](t, v)
		case "value":
			h.Value = textOf[string](t, v)
		default:
			t.failed = true
		}
	})
}

func (t *typing) backend(b *gatewayv1.GRPCBackendRef, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "name":
			b.Name = textOf[gatewayv1.ObjectName](t, v)
		case "group":
			b.Group = (*gatewayv1.Group)(t.sharedText(v))
		case "kind":
			b.Kind = (*gatewayv1.Kind)(t.sharedText(v))
		case "namespace":
			b.Namespace = (*gatewayv1.Namespace)(t.sharedText(v))
		case "port":
			b.Port = (*gatewayv1.PortNumber)(t.sharedNumber(v))
		case "weight":
			b.Weight = t.sharedNumber(v)
		case "filters":
			b.Filters = listOf(t, v, t.filter)
		default:
			t.failed = true
		}
	})
}

func (t *typing) filter(f *gatewayv1.GRPCRouteFilter, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "type":
			f.Type = textOf[gatewayv1.GRPCRouteFilterType](t, v)
		case "requestHeaderModifier":
			f.RequestHeaderModifier = t.modifier(v)
		case "responseHeaderModifier":
			f.ResponseHeaderModifier = t.modifier(v)
		default:
			t.failed = true
		}
	})
}

func (t *typing) modifier(v any) *gatewayv1.HTTPHeaderFilter {
	f := &gatewayv1.HTTPHeaderFilter{}
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "set":
			f.Set = listOf(t, v, t.header)
		case "add":
			f.Add = listOf(t, v, t.header)
		case "remove":
			f.Remove = listOf(t, v, func(s *string, v any) { *s = textOf[string](t, v) })
		default:
			t.failed = true
		}
	})
	return f
}

func (t *typing) header(h *gatewayv1.HTTPHeader, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "name":
			h.Name = textOf[gatewayv1.HTTPHeaderName](t, v)
		case "value":
			h.Value = textOf[string](t, v)
		default:
			t.failed = true
		}
	})
}
