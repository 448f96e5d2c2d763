package profile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/profile"
)

func s(v string) *string { return &v }

// The path forms of GEP-1016 and of each implementation's sources.
func TestPathForm(t *testing.T) {
	exact := &profile.MethodMatch{Service: s("a.S"), Method: s("M")}
	service := &profile.MethodMatch{Service: s("a.S")}
	method := &profile.MethodMatch{Method: s("M")}
	regex := &profile.MethodMatch{Regex: true, Service: s("a|b"), Method: s("G|L")}
	regexService := &profile.MethodMatch{Regex: true, Service: s("a|b")}
	regexMethod := &profile.MethodMatch{Regex: true, Method: s("get")}
	halfEmpty := &profile.MethodMatch{Regex: true, Service: s(""), Method: s("M")}
	const prefix, pattern, full = profile.PrefixType, profile.RegexType, profile.ExactType
	for _, tt := range []struct {
		name    string
		profile *profile.Profile
		match   *profile.MethodMatch
		want    profile.PathForm
	}{
		{"none", profile.Spec, nil, profile.PathForm{}},
		{"neither", profile.Spec, &profile.MethodMatch{}, profile.PathForm{}},
		{"both empty", profile.Spec, &profile.MethodMatch{Regex: true, Service: s(""), Method: s("")}, profile.PathForm{}},
		{"exact", profile.Spec, exact, profile.PathForm{Kind: profile.ExactPath, Service: "a.S", Method: "M", Type: full, Value: "/a.S/M", Length: 4}},
		{"service", profile.Spec, service, profile.PathForm{Kind: profile.ServicePath, Service: "a.S", Type: prefix, Value: "/a.S/", Length: 3}},
		{"method", profile.Spec, method, profile.PathForm{Kind: profile.MethodPath, Method: "M", Type: pattern, Value: "/*/M", Length: 1}},
		{"regex", profile.Spec, regex, profile.PathForm{Kind: profile.SegmentPath, Service: "a|b", Method: "G|L", Type: pattern, Value: "/(?:a|b)/(?:G|L)", Length: 6}},
		{"regex with an empty service", profile.Spec, halfEmpty, profile.PathForm{Kind: profile.SegmentPath, Method: "M", Type: pattern, Value: "/[^/]+/(?:M)", Length: 1}},

		{"none", profile.CloudflareTunnel, nil, profile.PathForm{}},
		{"exact", profile.CloudflareTunnel, exact, profile.PathForm{Kind: profile.ExactPath, Service: "a.S", Method: "M", Type: full, Value: "/a.S/M", Length: 6}},
		{"service", profile.CloudflareTunnel, service, profile.PathForm{Kind: profile.ServicePath, Service: "a.S", Type: prefix, Value: "/a.S/", Length: 5}},
		{"method", profile.CloudflareTunnel, method, profile.PathForm{Kind: profile.MethodPath, Method: "M", Type: pattern, Partial: true, Value: "^/[^/]+/M$", Length: 10}},
		{"regex", profile.CloudflareTunnel, regex, profile.PathForm{Kind: profile.RegexPath, Pattern: "^/(?:a|b)/(?:G|L)$", Partial: true, Type: pattern, Value: "^/(?:a|b)/(?:G|L)$", Length: 18}},
		{"regex service", profile.CloudflareTunnel, regexService, profile.PathForm{Kind: profile.RegexPath, Pattern: "^/(?:a|b)/(?:[^/]+)$", Partial: true, Type: pattern, Value: "^/(?:a|b)/(?:[^/]+)$", Length: 20}},
		{"regex with an empty service", profile.CloudflareTunnel, halfEmpty, profile.PathForm{Kind: profile.RegexPath, Pattern: "^/(?:[^/]+)/(?:M)$", Partial: true, Type: pattern, Value: "^/(?:[^/]+)/(?:M)$", Length: 18}},

		{"none", profile.KGateway, nil, profile.PathForm{Type: prefix, Value: "/"}},
		{"service", profile.KGateway, service, profile.PathForm{Kind: profile.ServicePath, Service: "a.S", Type: prefix, Value: "/a.S", Length: 4}},
		{"method", profile.KGateway, method, profile.PathForm{Kind: profile.MethodPath, Method: "M", Type: pattern, Value: "/.+/M"}},
		{"regex is not grouped", profile.KGateway, regex, profile.PathForm{Kind: profile.RegexPath, Pattern: "/a|b/G|L", Type: pattern, Value: "/a|b/G|L"}},
		{"regex method", profile.KGateway, regexMethod, profile.PathForm{Kind: profile.RegexPath, Pattern: "/.+/get", Type: pattern, Value: "/.+/get"}},
		{"regex with an empty service", profile.KGateway, halfEmpty, profile.PathForm{Kind: profile.RegexPath, Pattern: "//M", Type: pattern, Value: "//M"}},
		{"exact with an empty service", profile.KGateway, &profile.MethodMatch{Service: s(""), Method: s("M")}, profile.PathForm{Kind: profile.NoPath, Type: full, Value: "//M", Length: 3}},

		{"none", profile.EnvoyGateway, nil, profile.PathForm{}},
		{"method is a header", profile.EnvoyGateway, method, profile.PathForm{Kind: profile.MethodPath, Method: "M", Headers: 1}},
		{"service", profile.EnvoyGateway, service, profile.PathForm{Kind: profile.ServicePath, Service: "a.S", Type: prefix, Value: "/a.S", Length: 4}},
		{"regex is not grouped", profile.EnvoyGateway, regex, profile.PathForm{Kind: profile.RegexPath, Pattern: "/a|b/G|L", Type: pattern, Value: "/a|b/G|L", Length: 8}},
	} {
		t.Run(tt.profile.Name+" "+tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.profile.PathForm(tt.match)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestHTTPForm(t *testing.T) {
	const prefix, exact, regex = "PathPrefix", "Exact", "RegularExpression"
	for _, tt := range []struct {
		name  string
		match profile.HTTPMatch
		want  profile.PathForm
	}{
		{"default", profile.HTTPMatch{}, profile.PathForm{Type: profile.PrefixType, Value: "/", Length: 1}},
		{"service prefix", profile.HTTPMatch{PathType: prefix, PathValue: "/a.S"}, profile.PathForm{Kind: profile.ServicePath, Service: "a.S", Type: profile.PrefixType, Value: "/a.S", Length: 4}},
		{"service prefix with a slash", profile.HTTPMatch{PathType: prefix, PathValue: "/a.S/"}, profile.PathForm{Kind: profile.ServicePath, Service: "a.S", Type: profile.PrefixType, Value: "/a.S/", Length: 5}},
		{"method prefix", profile.HTTPMatch{PathType: prefix, PathValue: "/a.S/M"}, profile.PathForm{Kind: profile.ExactPath, Service: "a.S", Method: "M", Type: profile.PrefixType, Value: "/a.S/M", Length: 6}},
		{"longer prefix", profile.HTTPMatch{PathType: prefix, PathValue: "/a/b/c"}, profile.PathForm{Kind: profile.NoPath, Type: profile.PrefixType, Value: "/a/b/c", Length: 6}},
		{"exact", profile.HTTPMatch{PathType: exact, PathValue: "/a.S/M", Method: "POST"}, profile.PathForm{Kind: profile.ExactPath, Service: "a.S", Method: "M", Type: profile.ExactType, Value: "/a.S/M", Length: 6}},
		{"exact service", profile.HTTPMatch{PathType: exact, PathValue: "/a.S"}, profile.PathForm{Kind: profile.NoPath, Type: profile.ExactType, Value: "/a.S", Length: 4}},
		{"exact with a slash", profile.HTTPMatch{PathType: exact, PathValue: "/a.S/"}, profile.PathForm{Kind: profile.NoPath, Type: profile.ExactType, Value: "/a.S/", Length: 5}},
		{"regex", profile.HTTPMatch{PathType: regex, PathValue: "/a.*"}, profile.PathForm{Kind: profile.RegexPath, Pattern: "/a.*", Type: profile.RegexType, Value: "/a.*", Length: 4}},
		{"GET", profile.HTTPMatch{Method: "GET"}, profile.PathForm{Kind: profile.NoPath, Type: profile.PrefixType, Value: "/", Length: 1}},
		{"query", profile.HTTPMatch{QueryParams: 1}, profile.PathForm{Kind: profile.NoPath, Type: profile.PrefixType, Value: "/", Length: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, profile.Spec.HTTPForm(tt.match)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	// Envoy Gateway counts nothing for "/", kgateway neither the slash nor patterns.
	for _, tt := range []struct {
		profile *profile.Profile
		match   profile.HTTPMatch
		length  int
		partial bool
	}{
		{profile.EnvoyGateway, profile.HTTPMatch{}, 0, false},
		{profile.EnvoyGateway, profile.HTTPMatch{PathType: prefix, PathValue: "/a/"}, 3, false},
		{profile.KGateway, profile.HTTPMatch{PathType: prefix, PathValue: "/a/"}, 2, false},
		{profile.KGateway, profile.HTTPMatch{PathType: regex, PathValue: "/a/"}, 0, false},
		{profile.CloudflareTunnel, profile.HTTPMatch{PathType: regex, PathValue: "/a/"}, 3, true},
	} {
		form := tt.profile.HTTPForm(tt.match)
		if form.Length != tt.length || form.Partial != tt.partial {
			t.Errorf("%s %+v: length %d, partial %v", tt.profile.Name, tt.match, form.Length, form.Partial)
		}
	}
}

func TestPatterns(t *testing.T) {
	m := &profile.MethodMatch{Regex: true, Service: s("a"), Method: s("b")}
	if diff := cmp.Diff([]string{"a", "b"}, profile.Spec.PathForm(m).Patterns()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/a/b"}, profile.KGateway.PathForm(m).Patterns()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if p := profile.Spec.PathForm(&profile.MethodMatch{Service: s("a")}).Patterns(); p != nil {
		t.Errorf("literal: %q", p)
	}
}
