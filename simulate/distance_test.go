package simulate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		{"Gt", "Get", "", typo},
		{"Gett", "Get", "", variant},
		{"G", "Go", "", other},
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
