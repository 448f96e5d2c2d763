package cloudflare

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

type set = *manifest.Set

// backend writes a backendRef, nil for one that the converter leaves out
// (internal/proxy/converter.go).
func (w *writer) backend(s *routing.Share, note func(string, ...any)) *Backend {
	b := s.Backend
	if s.Answer != nil && s.Weight == 0 {
		return nil
	}
	out := &Backend{Weight: int32(s.Weight), URL: w.url(b, false), Filters: w.filters(s.Filters, note)}
	if s.Answer != nil {
		out.UnavailableStatus = s.Answer.HTTP
		return out
	}
	if b.Group != "" && b.Kind != "ServiceImport" {
		note("%s %s/%s: its address is not in the manifests", b.Kind, b.Namespace, b.Name)
	}
	if b.Service != nil && b.Service.Value.Spec.ClusterIP == "None" {
		note("Service %s/%s is headless: the controller writes one backend per ready endpoint", b.Namespace, b.Name)
	}
	if b.Policy != nil {
		out.URL, out.TLS = w.url(b, true), w.tls(b.Policy)
		return out
	}
	out.Protocol = "h2c"
	return out
}

func (w *writer) url(b *topology.Backend, secure bool) string {
	scheme, domain, port := "http", w.domain, b.Port
	if secure {
		scheme = "https"
	}
	if b.Kind == "ServiceImport" {
		domain = "clusterset.local"
	}
	if port == 0 {
		port = 80
	}
	return fmt.Sprintf("%s://%s.%s.svc.%s:%d", scheme, b.Name, b.Namespace, domain, port)
}

// tls writes what a BackendTLSPolicy says. Without a usable certificate the bundle
// stays empty, so that the handshake fails.
func (w *writer) tls(p *topology.Policy) *TLS {
	v := &p.Object.Value.Spec.Validation
	out := &TLS{ServerName: string(v.Hostname)}
	var bundle []string
	for _, ref := range v.CACertificateRefs {
		if c := w.set.ConfigMaps.Get(p.Object.Value.Namespace, string(ref.Name)); c != nil && c.Value.Data["ca.crt"] != "" {
			bundle = append(bundle, strings.TrimRight(c.Value.Data["ca.crt"], "\n")+"\n")
		}
	}
	out.CABundle = strings.Join(bundle, "")
	for _, san := range v.SubjectAltNames {
		switch san.Type {
		case gatewayv1.HostnameSubjectAltNameType:
			out.SANs = append(out.SANs, string(san.Hostname))
		case gatewayv1.URISubjectAltNameType:
			out.SANURIs = append(out.SANURIs, string(san.URI))
		}
	}
	return out
}

// filters writes the header modifiers; the others are answered with a status.
func (w *writer) filters(list []*topology.Filter, note func(string, ...any)) []Filter {
	var out []Filter
	for _, f := range list {
		request, response := modifiersOf(f)
		switch {
		case request != nil:
			out = append(out, Filter{Type: f.Type, RequestHeaderModifier: modifier(request)})
		case response != nil:
			out = append(out, Filter{Type: f.Type, ResponseHeaderModifier: modifier(response)})
		default:
			note("filter %s is left out", f.Type)
		}
	}
	return out
}

func modifiersOf(f *topology.Filter) (request, response *gatewayv1.HTTPHeaderFilter) {
	switch {
	case f.GRPC != nil && f.Type == "RequestHeaderModifier":
		return f.GRPC.RequestHeaderModifier, nil
	case f.GRPC != nil && f.Type == "ResponseHeaderModifier":
		return nil, f.GRPC.ResponseHeaderModifier
	case f.HTTP != nil && f.Type == "RequestHeaderModifier":
		return f.HTTP.RequestHeaderModifier, nil
	case f.HTTP != nil && f.Type == "ResponseHeaderModifier":
		return nil, f.HTTP.ResponseHeaderModifier
	}
	return nil, nil
}

func modifier(m *gatewayv1.HTTPHeaderFilter) *HeaderModifier {
	out := &HeaderModifier{Remove: m.Remove}
	for _, h := range m.Set {
		out.Set = append(out.Set, Header{string(h.Name), h.Value})
	}
	for _, h := range m.Add {
		out.Add = append(out.Add, Header{string(h.Name), h.Value})
	}
	return out
}
