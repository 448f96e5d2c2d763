package manifest

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// This file makes the Go value of a GRPCRoute of the usual form, of which there
// are many, without reflection: several times quicker than the converter of
// apimachinery. It decides nothing by itself and gives up at the first thing that
// it does not know, for the converter to take the whole object. A test holds the
// two equal.

// typing makes Go values for one goroutine. Equal values behind pointers share
// memory: nobody changes them.
type typing struct {
	failed  bool
	texts   map[string]*string
	numbers map[int64]*int32
}

// maxShared bounds what a typing remembers.
const maxShared = 512

// fieldsOf calls f for each field of an object.
func (t *typing) fieldsOf(v any, f func(key string, v any)) {
	m, ok := v.(map[string]any)
	if !ok {
		t.failed = true
		return
	}
	for k, v := range m {
		if f(k, v); t.failed {
			return
		}
	}
}

// listOf makes a list, each item by f.
func listOf[T any](t *typing, v any, f func(*T, any)) []T {
	items, ok := v.([]any)
	if !ok || items == nil {
		t.failed = true
		return nil
	}
	out := make([]T, len(items))
	for i := range items {
		if f(&out[i], items[i]); t.failed {
			return nil
		}
	}
	return out
}

func textOf[T ~string](t *typing, v any) T {
	s, ok := v.(string)
	t.failed = t.failed || !ok
	return T(s)
}

// sharedText returns a pointer to a text.
func (t *typing) sharedText(v any) *string {
	s := textOf[string](t, v)
	p, ok := t.texts[s]
	if ok {
		return p
	}
	p = &s
	if t.texts == nil {
		t.texts = map[string]*string{}
	} else if len(t.texts) >= maxShared {
		clear(t.texts)
	}
	t.texts[s] = p
	return p
}

func (t *typing) sharedNumber(v any) *int32 {
	i, ok := v.(int64)
	if !ok || int64(int32(i)) != i {
		t.failed = true
		return nil
	}
	p, ok := t.numbers[i]
	if ok {
		return p
	}
	p = new(int32)
	*p = int32(i)
	if t.numbers == nil {
		t.numbers = map[int64]*int32{}
	} else if len(t.numbers) >= maxShared {
		clear(t.numbers)
	}
	t.numbers[i] = p
	return p
}

// route makes a GRPCRoute; nil where the converter has to.
func (t *typing) route(v map[string]any) *gatewayv1.GRPCRoute {
	t.failed = false
	r := &gatewayv1.GRPCRoute{}
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "apiVersion":
			r.APIVersion = textOf[string](t, v)
		case "kind":
			r.Kind = textOf[string](t, v)
		case "metadata":
			t.meta(r, v)
		case "spec":
			t.spec(&r.Spec, v)
		default:
			t.failed = true
		}
	})
	if t.failed {
		return nil
	}
	return r
}

func (t *typing) meta(r *gatewayv1.GRPCRoute, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "name":
			r.Name = textOf[string](t, v)
		case "namespace":
			r.Namespace = textOf[string](t, v)
		case "labels":
			r.Labels = t.textMap(v)
		case "annotations":
			r.Annotations = t.textMap(v)
		default:
			t.failed = true
		}
	})
}

func (t *typing) textMap(v any) map[string]string {
	out := map[string]string{}
	t.fieldsOf(v, func(key string, v any) { out[key] = textOf[string](t, v) })
	return out
}

func (t *typing) spec(s *gatewayv1.GRPCRouteSpec, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "parentRefs":
			s.ParentRefs = listOf(t, v, t.parent)
		case "hostnames":
			s.Hostnames = listOf(t, v, func(h *gatewayv1.Hostname, v any) { *h = textOf[gatewayv1.Hostname](t, v) })
		case "rules":
			s.Rules = listOf(t, v, t.rule)
		default:
			t.failed = true
		}
	})
}

func (t *typing) parent(p *gatewayv1.ParentReference, v any) {
	t.fieldsOf(v, func(key string, v any) {
		switch key {
		case "name":
			p.Name = textOf[gatewayv1.ObjectName](t, v)
		case "group":
			p.Group = (*gatewayv1.Group)(t.sharedText(v))
		case "kind":
			p.Kind = (*gatewayv1.Kind)(t.sharedText(v))
		case "namespace":
			p.Namespace = (*gatewayv1.Namespace)(t.sharedText(v))
		case "sectionName":
			p.SectionName = (*gatewayv1.SectionName)(t.sharedText(v))
		case "port":
			p.Port = (*gatewayv1.PortNumber)(t.sharedNumber(v))
		default:
			t.failed = true
		}
	})
}
