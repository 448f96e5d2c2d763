package simulate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"get", "get", 0}, {"get", "got", 1}, {"gte", "get", 1}, {"sayhelo", "sayhello", 1},
		{"getuser", "gteusers", 2}, {"ab", "ba", 1}, {"abcd", "badc", 2}, {"short", "muchlonger", 5},
	} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
		if got := distance(tc.b, tc.a); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tc.b, tc.a, got, tc.want)
		}
	}
}

func TestCompareTellsSlipsFromIntent(t *testing.T) {
	for _, tc := range []struct {
		got, want, sep string
		like           likeness
	}{
		{"pkg.Echo", "pkg.Echo", ".", equal},
		{"pkg.echo", "pkg.Echo", ".", letters},
		{"Echo", "pkg.Echo", ".", prefix},
		{"pkg.v1.Echo", "v1.Echo", ".", prefix},
		{"kg.Echo", "pkg.Echo", ".", typo},
		{"SayHelo", "SayHello", "", typo},
		{"SayHlelo", "SayHello", "", typo},
		{"EchoV1", "EchoV2", "", variant},
		{"Echo", "EchoV2", "", other},
		{"GetUser", "GetUsers", "", variant},
		{"pkg.v1.Users", "pkg.v2.Users", ".", variant},
		{"Get", "Set", "", other},
		{"pkg.Users", "pkg.Orders", ".", other},
	} {
		if got, _ := compare(tc.got, tc.want, tc.sep); got != tc.like {
			t.Errorf("compare(%q, %q) = %d, want %d", tc.got, tc.want, got, tc.like)
		}
	}
}

func TestSampleAvoidsMoreSpecificHosts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		others []string
		want   string
	}{
		{"grpc.example.com", nil, "grpc.example.com"},
		{"*.example.com", nil, "any.example.com"},
		{"*.example.com", []string{"*.example.com", "any.example.com"}, "any2.example.com"},
		{"", nil, "any.example"},
		{"", []string{"", "*.example"}, "any.example2"},
	} {
		if diff := cmp.Diff(tc.want, sample(tc.name, tc.others)); diff != "" {
			t.Errorf("sample(%q, %q) (-want +got):\n%s", tc.name, tc.others, diff)
		}
	}
}
