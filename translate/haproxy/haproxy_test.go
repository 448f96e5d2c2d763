package haproxy_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/haproxy"
	"github.com/grpcroute/grpcroute/translate/plan"
)

var target = &agreement.Target{
	Program: "haproxy", Config: "haproxy.cfg", MaxGrouped: 512,
	Translate: func(ts []*routing.Table, o plan.Options) ([]byte, diag.List, map[string][]byte, error) {
		r, err := haproxy.Translate(ts, o)
		if err != nil {
			return nil, nil, nil, err
		}
		return r.Text, r.Notes, r.Files, nil
	},
	Check: func(config string) []string { return []string{"-c", "-f", config} },
	Run:   func(config string) []string { return []string{"-db", "-f", config} },
}

func TestHAProxyAgrees(t *testing.T) { target.Agrees(t, "../..") }

func TestHAProxySaysWhatIsLost(t *testing.T) {
	target.SaysLost(t,
		`8:5 spec.listeners[1]: listener "b" is left out: protocol TCP`,
		`9:5 spec.listeners[2]: listener "c" is left out: it has no certificate`,
		`9:67 spec.listeners[2].tls.certificateRefs[0]: listener "c": its Secret d/missing is not in the input`,
		`20:9 spec.rules[0].matches[0].headers[0]: HAProxy cannot be asked for header "host"`,
		`22:17 spec.rules[0].matches[1].headers[0]: HAProxy cannot be asked for header "x!y"`,
		`29:7 spec.rules[1].filters[0]: the mirror is left out`,
		`36:7 spec.rules[2].filters[0]: HAProxy cannot be told what filter ExtensionRef does: the calls that it is for fail`,
		`37:25 spec.rules[2].sessionPersistence: session persistence is left out`,
		`49:15 spec.rules[0].matches[0].method: pattern "([ab][cd]){1000}" cannot be written for HAProxy`,
	)
}

// BenchmarkTranslate writes 10,000 routes.
func BenchmarkTranslate(b *testing.B) { target.Benchmark(b) }
