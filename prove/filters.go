package prove

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// canonicalFilters writes filters so that equal ones are equal text: header names
// in lower case, actions of one modifier sorted, mirrors with their exact share.
func canonicalFilters(fs []*topology.Filter) []string {
	var out []string
	for _, f := range fs {
		switch {
		case f.GRPC != nil:
			g := f.GRPC
			out = append(out, filterText(f, g.RequestHeaderModifier, g.ResponseHeaderModifier, g.RequestMirror, g.ExtensionRef)...)
		case f.HTTP != nil:
			h := f.HTTP
			out = append(out, filterText(f, h.RequestHeaderModifier, h.ResponseHeaderModifier, h.RequestMirror, h.ExtensionRef)...)
		}
	}
	slices.Sort(out)
	return out
}

func filterText(f *topology.Filter, request, response *gatewayv1.HTTPHeaderFilter, mirror *gatewayv1.HTTPRequestMirrorFilter, ext *gatewayv1.LocalObjectReference) []string {
	switch {
	case f.Type == "RequestHeaderModifier" && request != nil:
		return headerActions("request", request)
	case f.Type == "ResponseHeaderModifier" && response != nil:
		return headerActions("response", response)
	case f.Type == "RequestMirror" && mirror != nil:
		return []string{"mirror " + mirrorShare(mirror) + " to " + mirrorTarget(f, mirror)}
	case f.Type == "ExtensionRef" && ext != nil:
		return []string{fmt.Sprintf("extension %s/%s %s", ext.Group, ext.Kind, ext.Name)}
	}
	text, err := json.Marshal(f.HTTP)
	if err != nil {
		return []string{f.Type}
	}
	return []string{f.Type + " " + string(text)}
}

func headerActions(direction string, m *gatewayv1.HTTPHeaderFilter) []string {
	var out []string
	for _, h := range m.Set {
		out = append(out, fmt.Sprintf("set %s header %s: %s", direction, strings.ToLower(string(h.Name)), h.Value))
	}
	for _, h := range m.Add {
		out = append(out, fmt.Sprintf("add %s header %s: %s", direction, strings.ToLower(string(h.Name)), h.Value))
	}
	for _, name := range m.Remove {
		out = append(out, fmt.Sprintf("remove %s header %s", direction, strings.ToLower(name)))
	}
	return out
}

// mirrorShare is the part of the calls that a mirror copies; all without percent
// and fraction (GA apis/v1/httproute_types.go, HTTPRequestMirrorFilter).
func mirrorShare(m *gatewayv1.HTTPRequestMirrorFilter) string {
	num, den := int64(1), int64(1)
	switch {
	case m.Percent != nil:
		num, den = int64(*m.Percent), 100
	case m.Fraction != nil:
		num, den = int64(m.Fraction.Numerator), 100
		if m.Fraction.Denominator != nil && *m.Fraction.Denominator > 0 {
			den = int64(*m.Fraction.Denominator)
		}
	}
	num, den = addFractions(num, den, 0, 1)
	return fmt.Sprintf("%d/%d", num, den)
}

func mirrorTarget(f *topology.Filter, m *gatewayv1.HTTPRequestMirrorFilter) string {
	if f.Mirror == nil {
		return string(m.BackendRef.Name)
	}
	b := f.Mirror
	t := Target{Group: b.Group, Kind: b.Kind, Namespace: b.Namespace, Name: b.Name, Port: b.Port}
	return t.String()
}

// extras are the parts of a rule that shape its calls beside filters.
func extras(r *topology.Rule) []string {
	var out []string
	add := func(what string, v any, present bool) {
		if !present {
			return
		}
		if text, err := json.Marshal(v); err == nil {
			out = append(out, what+" "+string(text))
		}
	}
	switch {
	case r.Route.GRPC != nil:
		s := r.Route.GRPC.Spec.Rules[r.Index].SessionPersistence
		add("sessionPersistence", s, s != nil)
	case r.Route.HTTP != nil:
		rule := &r.Route.HTTP.Spec.Rules[r.Index]
		add("sessionPersistence", rule.SessionPersistence, rule.SessionPersistence != nil)
		add("timeouts", rule.Timeouts, rule.Timeouts != nil)
		add("retry", rule.Retry, rule.Retry != nil)
	}
	return out
}
