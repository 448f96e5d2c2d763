package rules

import (
	"testing"

	"github.com/grpcroute/grpcroute/profile"
)

// TestPathTest: what is prepared for many paths says of each what takes says.
func TestPathTest(t *testing.T) {
	paths := []string{"/shop.Users/Get", "/shop.Users/List", "/shop.Orders/Get", "/a/b", "/shopXUsers/Get", "/shop.Users/GetAll", "/x/shop.Users"}
	text := func(s string) *string { return &s }
	taken := 0
	for _, m := range []*profile.MethodMatch{
		nil,
		{Service: text("shop.Users")},
		{Method: text("Get")},
		{Service: text("shop.Users"), Method: text("Get")},
		{Regex: true, Service: text("shop.Users")},
		{Regex: true, Service: text(`shop\.(Users|Orders)`), Method: text("G.*")},
		{Regex: true, Service: text("shop.Users|a"), Method: text("b")},
		{Regex: true, Method: text("^Get$")},
		{Regex: true, Service: text("("), Method: text("b")},
	} {
		for _, p := range profile.All {
			form := p.PathForm(m)
			test := pathTest(form)
			for _, path := range paths {
				if got, want := test(path), takes(form, path); got != want {
					t.Errorf("%s, %+v: %s taken: %v, want %v", p.Name, form, path, got, want)
				} else if got {
					taken++
				}
			}
		}
	}
	if taken < 20 {
		t.Errorf("only %d paths were taken: the test says little", taken)
	}
}

func TestCallNames(t *testing.T) {
	for path, want := range map[string][2]string{
		"/shop.v1.Users/Get": {"shop.v1.Users", "Get"},
		"/shop.Users/":       {"shop.Users", ""},
		"/shop.Users":        {"shop.Users", ""},
	} {
		if service, method, ok := callNames(path); !ok || service != want[0] || method != want[1] {
			t.Errorf("callNames(%q) = %q, %q, %v", path, service, method, ok)
		}
	}
	for _, path := range []string{"", "/", "shop.Users/Get", "/Users/Get", "/shop.users/Get", "/shop.Users/get", "/v1.2/Users", "/shop.Users/Get/x", "/.Users/Get", "/index.Html?x"} {
		if service, method, ok := callNames(path); ok {
			t.Errorf("callNames(%q) = %q, %q: want no gRPC path", path, service, method)
		}
	}
}

func TestIsToken(t *testing.T) {
	for name, want := range map[string]bool{
		"x-a": true, "X_a.1~": true, "!#$%&'*+-.^_`|~": true,
		"": false, "x y": false, ":path": false, "x:": false, "é": false, "x\t": false, "(x)": false,
	} {
		if got := isToken(name); got != want {
			t.Errorf("isToken(%q) = %v", name, got)
		}
	}
}
