package cloudflare_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
)

// TestReadRefuses: what the proxy refuses is an error where it stands.
func TestReadRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{", `1:2 error: the text ends before the configuration does`},
		{"{\"version\":1,\n \"rules\":[,]}", `2:10 error: not JSON: invalid character ',' looking for beginning of value`},
		{`{"version":1,"rules":[]} {}`, `1:28 error: there is more after the configuration's last brace`},
		{`{"version":"1","rules":[]}`, `1:14 error: version is a JSON string, expected a whole number of 64 bits`},
		{`{"version":1,"rules":{}}`, `1:22 error: rules is a JSON object, expected a list`},
		{`{"version":-1,"rules":null}`, `1:12 error: version -1 is negative`},
		{`{"version":1,"rules":[{"backends":[{"weight":1}]}]}`, `1:36 error: url is required`},
		{`{"version":1,"rules":[{"backends":[{"url":"ftp://a","weight":1}]}]}`, `1:43 error: "ftp://a" has no http or https scheme, or no host`},
		{`{"version":1,"rules":[{"backends":[{"url":"http://a:1","weight":-1}]}]}`, `1:65 error: weight -1 is negative`},
		{`{"version":1,"rules":[{"backends":[{"url":"http://a:1","weight":1,"protocol":"h2"}]}]}`, `1:78 error: protocol "h2" is not known, expected "h2c" or none`},
		{`{"version":1,"rules":[{"matches":[{"path":{"type":"Prefix","value":"/a"}}],"backends":null}]}`,
			`1:51 error: type "Prefix" is not known, expected one of Exact, PathPrefix, RegularExpression`},
		{`{"version":1,"rules":[{"matches":[{"path":{"type":"Exact","value":""}}],"backends":null}]}`, `1:43 error: path needs a value`},
		{`{"version":1,"rules":[{"matches":[{"path":{"type":"RegularExpression","value":"("}}],"backends":null}]}`,
			"1:79 error: error parsing regexp: missing closing ): `(`: the proxy refuses the whole configuration"},
		{`{"version":1,"rules":[{"matches":[{"headers":[{"type":"Exact","value":"1"}]}],"backends":null}]}`, `1:47 error: a match of headers needs a name`},
		{`{"version":1,"rules":[{"filters":[{"type":"URLRewrite"}],"backends":null}]}`, `1:35 error: a filter URLRewrite needs urlRewrite`},
		{`{"version":1,"rules":[{"filters":[{"type":"RequestMirror","requestMirror":{"backendUrl":"http://a:1","percent":101}}],"backends":null}]}`,
			`1:112 error: 101 percent: expected 0 to 100`},
		{`{"version":1,"rules":[{"timeouts":{"request":"5"},"backends":null}]}`, `1:46 error: "5" is not a duration, as "15s" is`},
		{`{"version":1,"rules":[{"unavailableStatus":5,"backends":null}]}`, `1:44 error: 5 is not an HTTP status`},
		{`{"version":1,"rules":[{"backends":[{"url":"http://a:1","weight":1,"wieght":2}]}]}`,
			`1:76 warning: the proxy does not know the field "rules[0].backends[0].wieght" and ignores it`},
		{`{"version":0,"rules":null}`, `1:12 warning: version is 0: the proxy is ready only once it has a configuration with a version above 0`},
		{`{"version":1,"rules":null,"x":"` + strings.Repeat("y", 1<<20) + `"}`, `1:1 error: the configuration has 1048609 bytes, and the proxy takes 1048576`},
	} {
		c, found := cloudflare.Read(&manifest.File{Name: "f", Data: []byte(tt.text)})
		var got []string
		for _, d := range found {
			got = append(got, strings.TrimPrefix(d.Range.String(), "f:")+" "+d.Severity.String()+": "+d.Message)
		}
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%.80s\n got %q\nwant %q", tt.text, got, tt.want)
		}
		if refused := found.Count(diag.Error) > 0; refused == (c != nil) {
			t.Errorf("%.80s: a configuration beside an error, or none without", tt.text)
		}
	}
}

const shop = `{"version": 7, "hasGrpcRoute": true, "rules": [
  {"hostnames": ["shop.example.org"],
   "matches": [{"path": {"type": "Exact", "value": "/shop.Cart/Add"}, "headers": [{"type": "RegularExpression", "name": "X-Tier", "value": "gold"}]}],
   "backends": [{"url": "http://cart.shop.svc.cluster.local:50051", "weight": 3, "protocol": "h2c"},
                {"url": "http://gone.shop.svc.cluster.local:50051", "weight": 1, "unavailableStatus": 503}]},
  {"hostnames": ["*.example.org"], "matches": [{"path": {"type": "PathPrefix", "value": "/shop.Cart/"}}],
   "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "1"}], "remove": ["A"]}}],
   "backends": [{"url": "https://10.0.0.9", "weight": 1, "tls": {"serverName": "cart.internal"}}]},
  {"matches": [{"path": {"type": "PathPrefix", "value": "/down.Service/"}}], "unavailableStatus": 500, "backends": null},
  {"matches": [{"method": "GET"}, {"path": {"type": "PathPrefix", "value": "/old.Service/"}}], "backends": [{"url": "http://old:80", "weight": 1}]},
  {"matches": [{"path": {"type": "PathPrefix", "value": "/empty.Service/"}}], "backends": null}
]}`

// TestLoad asks the table of a configuration.
func TestLoad(t *testing.T) {
	loaded := cloudflare.Load(read(t, shop), "proxy.json", "cloudflare/proxy")
	for _, tt := range []struct {
		authority, path, header string
		outcome                 routing.Outcome
		rule, grpc              int
	}{
		{"shop.example.org", "/shop.Cart/Add", "solid gold", routing.Routed, 0, 0},
		{"SHOP.example.org:443", "/shop.Cart/Add", "", routing.Routed, 1, 0}, // falls through to the wildcard
		{"a.b.example.org", "/shop.Cart/Get", "", routing.Routed, 1, 0},
		{"example.org", "/shop.Cart/Get", "", routing.NoMatch, -1, 12},
		{"any", "/down.Service/A", "", routing.Refused, 2, 2},
		{"any", "/old.Service/A", "", routing.Refused, 3, 14}, // HTTP/1.1
		{"any", "/empty.Service/A", "", routing.Refused, 4, 2},
	} {
		r := &routing.Request{Gateway: "cloudflare/proxy", Authority: tt.authority, Path: tt.path}
		if tt.header != "" {
			r.Headers = []routing.Header{{Name: "x-tier", Value: tt.header}}
		}
		got := loaded.Table.Lookup(r)
		rule, grpc := -1, 0
		if got.Entry != nil {
			rule = got.Entry.Rule.Index
		}
		if got.Answer != nil {
			grpc = got.Answer.GRPC
		}
		if got.Outcome != tt.outcome || rule != tt.rule || grpc != tt.grpc {
			t.Errorf("%s%s: %s by rule %d with status %d, want %+v", tt.authority, tt.path, got.Outcome, rule, grpc, tt)
		}
	}
	var dials []string
	for b, d := range loaded.Dials {
		switch {
		case b.Kind == "Service" && b.Name == "cart" && b.Namespace == "shop":
			if d.Address != "cart.shop.svc.cluster.local:50051" || !d.H2C || d.Secure {
				t.Errorf("cart is dialled as %+v", d)
			}
		case b.Kind == "Host" && b.Name == "10.0.0.9":
			if d.Address != "10.0.0.9:443" || !d.Secure || d.TLS.ServerName != "cart.internal" {
				t.Errorf("the address is dialled as %+v", d)
			}
			if len(b.Rule.Filters) != 3 {
				t.Errorf("%d filters: set, add and remove have an order", len(b.Rule.Filters))
			}
		}
		dials = append(dials, b.Name)
	}
	if len(dials) != 4 {
		t.Errorf("dials %q", dials)
	}
	if share := &loaded.Table.Lookup(&routing.Request{Authority: "shop.example.org", Path: "/shop.Cart/Add",
		Headers: []routing.Header{{Name: "x-tier", Value: "gold"}}}).Entry.Action.Shares[1]; share.Answer == nil || share.Answer.GRPC != 14 {
		t.Errorf("the share without endpoints is answered with %+v", share.Answer)
	}
}

// TestLoadHosts: addresses that no cluster names are dialled as they stand, IPv6
// included, and are called by them.
func TestLoadHosts(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:50051":                       "127.0.0.1:50051 127.0.0.1:50051",
		"http://[::1]:50051":                           "[::1]:50051 [::1]:50051",
		"https://calls.example.com":                    "calls.example.com:443 calls.example.com:443",
		"http://cart.shop.svc.cluster.local":           "shop/cart:80 cart.shop.svc.cluster.local:80",
		"http://cart.shop.svc.clusterset.local:50051/": "shop/cart:50051 cart.shop.svc.clusterset.local:50051",
	} {
		loaded := cloudflare.Load(read(t, `{"version": 1, "rules": [{"backends": [{"url": "`+url+`", "weight": 1, "protocol": "h2c"}]}]}`), "proxy.json", "a/b")
		for b, d := range loaded.Dials {
			if got := b.Label() + " " + d.Address; got != want {
				t.Errorf("%s: %s, want %s", url, got, want)
			}
		}
		if len(loaded.Dials) != 1 {
			t.Errorf("%s: %d backends", url, len(loaded.Dials))
		}
	}
}
