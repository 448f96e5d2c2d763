package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var hostnameIsIP = &lint.Rule{
	ID:       "hostname-is-ip",
	Summary:  "an IP address stands where a hostname is needed",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkHostnameIsIP,
	PerSet:   true,
}

func checkHostnameIsIP(p *lint.Pass) {
	eachHostname(p, func(doc *manifest.Document, host string, path func() manifest.Path) {
		if !isAddress(host) {
			return
		}
		at := path()
		reportExplaining(p, doc, at, diag.Diagnostic{
			Message: fmt.Sprintf("%q is an IP address: a hostname is a DNS name", host),
			Hint:    "leave the hostname out to take calls for any host, addresses included",
		}, within(at))
	})
}

// isAddress reports whether a text is an IPv4 or IPv6 address, with or without
// brackets and port.
func isAddress(host string) bool {
	// Most hostnames end in a letter and are not looked at further.
	if host == "" || !strings.ContainsAny(host[len(host)-1:], "0123456789abcdefABCDEF:]") {
		return false
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(host)
	return err == nil
}

// eachHostname calls f for every hostname of routes, listeners and
// BackendTLSPolicies. The path is built on demand: nearly all are in order.
func eachHostname(p *lint.Pass, f func(doc *manifest.Document, host string, path func() manifest.Path)) {
	list := func(doc *manifest.Document, hosts []gatewayv1.Hostname) {
		for i, h := range hosts {
			f(doc, string(h), func() manifest.Path { return at("spec", "hostnames", i) })
		}
	}
	listener := func(doc *manifest.Document, i int, h *gatewayv1.Hostname) {
		if h != nil {
			f(doc, string(*h), func() manifest.Path { return at("spec", "listeners", i, "hostname") })
		}
	}
	for _, o := range p.Set.GRPCRoutes.All {
		list(o.Doc, o.Value.Spec.Hostnames)
	}
	for _, o := range p.Set.HTTPRoutes.All {
		list(o.Doc, o.Value.Spec.Hostnames)
	}
	for _, o := range p.Set.Gateways.All {
		for i := range o.Value.Spec.Listeners {
			listener(o.Doc, i, o.Value.Spec.Listeners[i].Hostname)
		}
	}
	for _, o := range p.Set.ListenerSets.All {
		for i := range o.Value.Spec.Listeners {
			listener(o.Doc, i, o.Value.Spec.Listeners[i].Hostname)
		}
	}
	for _, o := range p.Set.BackendTLSPolicies.All {
		f(o.Doc, string(o.Value.Spec.Validation.Hostname), func() manifest.Path { return at("spec", "validation", "hostname") })
	}
}
