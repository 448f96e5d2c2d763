package simulate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
)

// Calls are parsed inside: the exported functions need a table besides.

func TestParseTakesACallAsItIsWritten(t *testing.T) {
	type want struct {
		Authority, Service, Method string
		Port                       int32
	}
	for _, tc := range []struct {
		name string
		call Call
		want want
	}{
		{"authority in front", Call{Target: "grpc.example.com/pkg.Echo/Get"}, want{"grpc.example.com", "pkg.Echo", "Get", 0}},
		{"authority with port", Call{Target: "grpc.example.com:443/pkg.Echo/Get"}, want{"grpc.example.com:443", "pkg.Echo", "Get", 443}},
		{"authority apart", Call{Target: "/pkg.Echo/Get", Authority: "grpc.example.com"}, want{"grpc.example.com", "pkg.Echo", "Get", 0}},
		{"no authority", Call{Target: "/pkg.Echo/Get"}, want{"", "pkg.Echo", "Get", 0}},
		{"no authority, no slash", Call{Target: "pkg.Echo/Get"}, want{"", "pkg.Echo", "Get", 0}},
		{"the same authority twice", Call{Target: "GRPC.example.com/pkg.Echo/Get", Authority: "grpc.example.com"}, want{"grpc.example.com", "pkg.Echo", "Get", 0}},
		{"as grpcurl", Call{Target: "grpc.example.com:443 pkg.Echo/Get"}, want{"grpc.example.com:443", "pkg.Echo", "Get", 443}},
		{"as grpcurl with an authority", Call{Target: "10.0.0.1:8443  pkg.Echo/Get", Authority: "grpc.example.com"}, want{"grpc.example.com", "pkg.Echo", "Get", 8443}},
		{"IPv6", Call{Target: "[::1]:50051/pkg.Echo/Get"}, want{"[::1]:50051", "pkg.Echo", "Get", 50051}},
		{"blanks around", Call{Target: "  /pkg.Echo/Get "}, want{"", "pkg.Echo", "Get", 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := tc.call.parse()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, want{p.authority, p.service, p.method, p.portHint}); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSaysWhatIsExpected(t *testing.T) {
	for _, tc := range []struct {
		name string
		call Call
		want string
	}{
		{"empty", Call{}, `parse call: it is empty: write it as grpc.example.com/pkg.Service/Method`},
		{"a word", Call{Target: "Echo"}, `parse call "Echo": no method: write it as grpc.example.com/pkg.Service/Method`},
		{"dots only", Call{Target: "pkg.Echo.Get"}, `parse call "pkg.Echo.Get": no slash before the method: if it is a full method name write pkg.Echo/Get`},
		{"host and method", Call{Target: "grpc.example.com:443/Get"}, `parse call "grpc.example.com:443/Get": no service between the host and "Get": write it as grpc.example.com/pkg.Service/Method`},
		{"empty method", Call{Target: "h/pkg.Echo/"}, `parse call "h/pkg.Echo/": no method: write it as grpc.example.com/pkg.Service/Method`},
		{"empty service", Call{Target: "//Get"}, `parse call "//Get": no service: write it as grpc.example.com/pkg.Service/Method`},
		{"four parts", Call{Target: "h/a/b/c"}, `parse call "h/a/b/c": a gRPC path has two parts, this one 3: write it as grpc.example.com/pkg.Service/Method`},
		{"scheme", Call{Target: "https://h/a.B/C"}, `parse call "https://h/a.B/C": leave out the scheme "https://": write it as h/a.B/C`},
		{"query", Call{Target: "h/a.B/C?x=1"}, `parse call "h/a.B/C?x=1": '?' cannot stand in a gRPC path: write it as grpc.example.com/pkg.Service/Method`},
		{"non-ASCII", Call{Target: "h/a.B/Größe"}, `parse call "h/a.B/Größe": 'ö' cannot stand in a gRPC path: write it as grpc.example.com/pkg.Service/Method`},
		{"three words", Call{Target: "h:1 list x/y"}, `parse call "h:1 list x/y": it has 3 words: write it as grpc.example.com/pkg.Service/Method, headers apart`},
		{"two authorities", Call{Target: "a/b.C/D", Authority: "e"}, `parse call "a/b.C/D": its host "a" is not the authority "e": give one of the two`},
		{"wildcard", Call{Target: "*.example.com/b.C/D"}, `parse authority "*.example.com": a call goes to one host: replace "*" with a name`},
		{"bad port", Call{Target: "a:http/b.C/D"}, `parse authority "a:http": port "http" is not a number from 1 to 65535`},
		{"port zero", Call{Target: "a:0/b.C/D"}, `parse authority "a:0": port "0" is not a number from 1 to 65535`},
		{"user info", Call{Target: "/b.C/D", Authority: "me@a"}, `parse authority "me@a": expected a host, and a port if need be, as grpc.example.com:443`},
		{"no colon", Call{Target: "/b.C/D", Headers: []string{"env canary"}}, `parse header "env canary": no colon: write it as 'name: value'`},
		{"no name", Call{Target: "/b.C/D", Headers: []string{": x"}}, `parse header ": x": pseudo-headers are not headers: the host goes into the call or --authority`},
		{"pseudo-header", Call{Target: "/b.C/D", Headers: []string{":authority: x"}}, `parse header ":authority: x": pseudo-headers are not headers: the host goes into the call or --authority`},
		{"bad name", Call{Target: "/b.C/D", Headers: []string{"x y: z"}}, `parse header "x y: z": "x y" is not a header name: write it as 'name: value'`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.call.parse()
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseHeaders(t *testing.T) {
	p, err := Call{Target: "/b.C/D", Headers: []string{"X-Env: a", "x-env:b", "empty:", "uri: http://x"}}.parse()
	if err != nil {
		t.Fatal(err)
	}
	want := []routing.Header{{Name: "x-env", Value: "a"}, {Name: "x-env", Value: "b"}, {Name: "empty", Value: ""}, {Name: "uri", Value: "http://x"}}
	if diff := cmp.Diff(want, p.headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestAWitnessIsACallAndBack(t *testing.T) {
	w := diag.Witness{Gateway: "infra/gw", Port: 443, SNI: "grpc.example.com", Authority: "grpc.example.com", Path: "/pkg.Echo/Get", Headers: map[string]string{"env": "a,b", "x-tier": "gold"}}
	c := CallFromWitness(w)
	p, err := c.parse()
	if err != nil {
		t.Fatal(err)
	}
	r := request(c, p)
	r.Gateway = c.Gateway
	if diff := cmp.Diff(w, WitnessOf(r)); diff != "" {
		t.Errorf("witness (-want +got):\n%s", diff)
	}
	twice := WitnessOf(routing.Request{Headers: []routing.Header{{Name: "env", Value: "a"}, {Name: "env", Value: "b"}}})
	if got := twice.Headers["env"]; got != "a,b" {
		t.Errorf("repeated header is %q, want %q", got, "a,b")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"h/a.B/C", "/a.B/C", "a.B/C", "h:1 a.B/C", "[::1]:2/a/b", "https://x/y/z", "", "/", "//", " : "} {
		f.Add(s, "", "a: b")
	}
	f.Fuzz(func(t *testing.T, target, authority, header string) {
		p, err := Call{Target: target, Authority: authority, Headers: []string{header}}.parse()
		if err != nil {
			return
		}
		if p.service == "" || p.method == "" || strings.ContainsAny(p.service+p.method, "/ ?#%") {
			t.Errorf("%q was read as service %q, method %q", target, p.service, p.method)
		}
	})
}
