package routing

import (
	"fmt"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// failure is the first condition of an entry that a request does not satisfy.
type failure struct {
	condition, want, got, why string
}

// fails returns why the entry does not take the request, nil when it does. It
// asks the same conditions as the look-up.
func (e *Entry) fails(r *Request) *failure {
	if e.Dead != "" {
		return &failure{condition: "rule", why: e.Dead}
	}
	c := e.cond
	service, method, ok := splitPath(r.Path)
	switch {
	case c.shape == anyPath:
	case !ok:
		return &failure{"path", "/SERVICE/METHOD", r.Path, fmt.Sprintf("path %q is not of the form /SERVICE/METHOD", r.Path)}
	case c.shape == wholePath && !c.whole.MatchString(r.Path):
		return &failure{"path", e.Unit.Path.Pattern, r.Path,
			fmt.Sprintf("path is %q, wanted a match of %q", r.Path, e.Unit.Path.Pattern)}
	case c.shape == segments && !c.service.takes(service):
		return e.segmentFailure("service", service, &c.service)
	case c.shape == segments && !c.method.takes(method):
		return e.segmentFailure("method", method, &c.method)
	}
	for i := range c.headers {
		if h := &c.headers[i]; !h.takes(r.Headers) {
			return h.failure(r.Headers)
		}
	}
	return nil
}

// segmentFailure says what a match wanted, in the words of the route.
func (e *Entry) segmentFailure(which, got string, g *segment) *failure {
	want, regex := e.written(which)
	if want == "" {
		want, regex = g.text, g.kind == patternSegment
	}
	form := "%s is %q, wanted %q"
	if regex {
		form = "%s is %q, wanted a match of %q"
	}
	return &failure{which, want, got, fmt.Sprintf(form, which, got, want)}
}

// written returns the service or method as the match has it.
func (e *Entry) written(which string) (value string, regex bool) {
	if e.Route.GRPC == nil || e.Match < 0 {
		return "", false
	}
	m := e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches[e.Match].Method
	if m == nil {
		return "", false
	}
	regex = deref(m.Type, gatewayv1.GRPCMethodMatchExact) == gatewayv1.GRPCMethodMatchRegularExpression
	if which == "service" {
		return deref(m.Service, ""), regex
	}
	return deref(m.Method, ""), regex
}

func (h *headerCond) failure(hs []Header) *failure {
	got, present := h.got(hs)
	f := &failure{condition: "header " + h.name, want: h.value, got: got}
	form := "%q"
	if h.re != nil {
		form = "a match of %q"
	}
	want := fmt.Sprintf(form, h.value)
	f.why = fmt.Sprintf("header %q is %q, wanted %s", h.name, got, want)
	if !present {
		f.why = fmt.Sprintf("header %q is absent, wanted %s", h.name, want)
	}
	return f
}
