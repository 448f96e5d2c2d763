package render

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ruleText names a rule: "GRPCRoute shop/cart rules[0] \"add\"".
func ruleText(kind, route string, index int, name string) string {
	text := fmt.Sprintf("%s %s rules[%d]", kind, route, index)
	if name != "" {
		text += fmt.Sprintf(" %q", name)
	}
	return text
}

// anyHost writes a hostname, or "*" for none, which is any.
func anyHost(hostname string) string {
	if hostname == "" {
		return "*"
	}
	return hostname
}

func listenerText(l *listenerRef) string {
	text := fmt.Sprintf("%s/%s", l.Gateway.Namespace, l.Gateway.Name)
	if l.Protocol == "" && l.Port == 0 {
		return text + " (not in the input)"
	}
	return fmt.Sprintf("%s %q: %s port %d, hostname %s", text, l.Name, l.Protocol, l.Port, anyHost(l.Hostname))
}

func responseText(r *response) string {
	return fmt.Sprintf("gRPC %s (%d), HTTP %d", r.GRPC, r.Code, r.HTTP)
}

func backendText(b *backendShare) string {
	text := fmt.Sprintf("%s %s/%s", b.Kind, b.Namespace, b.Name)
	if b.Port != 0 {
		text += fmt.Sprintf(":%d", b.Port)
	}
	if b.Protocol != "" {
		text += "  " + b.Protocol
	}
	return text
}

// matchText says what the winning match asks for.
func matchText(e *routing.Entry) string {
	if e.Match < 0 {
		return "every call (the rule has no matches)"
	}
	text := fmt.Sprintf("matches[%d]: ", e.Match)
	switch {
	case e.Route.GRPC != nil:
		return text + grpcMatchText(&e.Route.GRPC.Spec.Rules[e.Rule.Index].Matches[e.Match])
	case e.Route.HTTP != nil:
		return text + httpMatchText(&e.Route.HTTP.Spec.Rules[e.Rule.Index].Matches[e.Match])
	}
	return strings.TrimSuffix(text, ": ")
}

// grpcMatchText quotes without escapes: patterns are full of backslashes, and
// should be read as they are written.
func grpcMatchText(m *gatewayv1.GRPCRouteMatch) string {
	var parts []string
	if m.Method != nil {
		like := ""
		if m.Method.Type != nil && *m.Method.Type == gatewayv1.GRPCMethodMatchRegularExpression {
			like = "like "
		}
		if s := m.Method.Service; s != nil && *s != "" {
			parts = append(parts, fmt.Sprintf(`service %s"%s"`, like, *s))
		}
		if s := m.Method.Method; s != nil && *s != "" {
			parts = append(parts, fmt.Sprintf(`method %s"%s"`, like, *s))
		}
	}
	for _, h := range m.Headers {
		like := ""
		if h.Type != nil && *h.Type == gatewayv1.GRPCHeaderMatchRegularExpression {
			like = "like "
		}
		parts = append(parts, fmt.Sprintf(`header %s: %s"%s"`, h.Name, like, h.Value))
	}
	if len(parts) == 0 {
		return "every call"
	}
	return strings.Join(parts, ", ")
}

func httpMatchText(m *gatewayv1.HTTPRouteMatch) string {
	var parts []string
	if m.Path != nil && m.Path.Value != nil {
		kind := "PathPrefix"
		if m.Path.Type != nil {
			kind = string(*m.Path.Type)
		}
		parts = append(parts, fmt.Sprintf("path %s %q", kind, *m.Path.Value))
	}
	if m.Method != nil {
		parts = append(parts, "HTTP method "+string(*m.Method))
	}
	for _, h := range m.Headers {
		parts = append(parts, fmt.Sprintf("header %s: %q", h.Name, h.Value))
	}
	for _, q := range m.QueryParams {
		parts = append(parts, fmt.Sprintf("query parameter %s=%q", q.Name, q.Value))
	}
	if len(parts) == 0 {
		return "every request"
	}
	return strings.Join(parts, ", ")
}

// filterText says what a filter does.
func filterText(f *filter) string {
	text := f.Type
	for _, m := range []*gatewayv1.HTTPHeaderFilter{f.RequestHeaderModifier, f.ResponseHeaderModifier} {
		if m != nil {
			text += ": " + headerFilterText(m)
		}
	}
	if m := f.RequestMirror; m != nil {
		text += ": to " + string(m.BackendRef.Name)
		if m.BackendRef.Port != nil {
			text += fmt.Sprintf(":%d", *m.BackendRef.Port)
		}
		switch {
		case m.Percent != nil:
			text += fmt.Sprintf(", %d%% of calls", *m.Percent)
		case m.Fraction != nil:
			denominator := int32(100)
			if m.Fraction.Denominator != nil {
				denominator = *m.Fraction.Denominator
			}
			text += fmt.Sprintf(", %d/%d of calls", m.Fraction.Numerator, denominator)
		}
	}
	if r := f.ExtensionRef; r != nil {
		text += fmt.Sprintf(": %s %s", r.Kind, r.Name)
	}
	if f.Refusal != nil {
		text += fmt.Sprintf(" (%s: %s)", f.Refusal.Reason, f.Refusal.Message)
	}
	return text
}

func headerFilterText(m *gatewayv1.HTTPHeaderFilter) string {
	var parts []string
	for _, h := range m.Set {
		parts = append(parts, fmt.Sprintf("set %s: %s", h.Name, h.Value))
	}
	for _, h := range m.Add {
		parts = append(parts, fmt.Sprintf("add %s: %s", h.Name, h.Value))
	}
	for _, name := range m.Remove {
		parts = append(parts, "remove "+name)
	}
	return strings.Join(parts, ", ")
}
