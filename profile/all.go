package profile

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// All lists the profiles in the order users see.
var All = []*Profile{Spec, CloudflareTunnel, EnvoyGateway, KGateway, Pingora}

// Names returns the names of all profiles, in the order of [All].
func Names() []string {
	names := make([]string, len(All))
	for i, p := range All {
		names[i] = p.Name
	}
	return names
}

// ByName returns the profile of that name; with asBuilt as its pinned data plane
// really behaves. The error names what is allowed.
func ByName(name string, asBuilt bool) (*Profile, error) {
	var p *Profile
	for _, q := range All {
		if q.Name == name {
			p = q
		}
	}
	switch {
	case p == nil:
		return nil, fmt.Errorf("unknown profile %q: expected one of %s%s", name, strings.Join(Names(), ", "), suggestion(name))
	case asBuilt && p.AsBuilt == nil:
		return nil, fmt.Errorf("profile %q has no as-built variant: expected one of %s", name, strings.Join(asBuiltNames(), ", "))
	case asBuilt:
		return p.AsBuilt, nil
	}
	return p, nil
}

func asBuiltNames() []string {
	var names []string
	for _, p := range All {
		if p.AsBuilt != nil {
			names = append(names, p.Name)
		}
	}
	return names
}

func suggestion(name string) string {
	best, at := "", 4
	for _, n := range Names() {
		// "cloudflare" and "envoy" are what people type.
		if len(name) >= 3 && strings.HasPrefix(n, strings.ToLower(name)) {
			return fmt.Sprintf("; did you mean %q?", n)
		}
		if d := diag.Distance(strings.ToLower(name), n); d < at {
			best, at = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
