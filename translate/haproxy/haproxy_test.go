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

func TestHAProxyTakesTheConfigurations(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 10
	}
	target.ValidateAll(t, "../..", n)
}

func TestCallsThroughHAProxyAgreeOnRandom(t *testing.T) {
	n, each := 300, 60
	if testing.Short() {
		n, each = 60, 60
	}
	target.CallRandom(t, n, each, false)
}

func TestSecureCallsThroughHAProxyAgreeOnRandom(t *testing.T) {
	n, each := 60, 60
	if testing.Short() {
		n, each = 20, 60
	}
	target.CallRandom(t, n, each, true)
}

func TestCallsThroughHAProxyAgreeOnTestdata(t *testing.T) {
	of := 4
	if testing.Short() {
		of = 20
	}
	target.CallTestdata(t, "../..", of)
}

func TestCallsThroughHAProxyAgreeOnPatterns(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 100
	}
	target.CallPatterns(t, 1, n, 20)
}

func TestTLSOnBothSidesOfHAProxy(t *testing.T) { target.TLS(t) }

func TestHAProxyAsksClientsForCertificates(t *testing.T) { target.Clients(t) }

func TestStreamsThroughHAProxy(t *testing.T) { target.Streams(t) }

func TestDeadlinesPassThroughHAProxy(t *testing.T) { target.Deadlines(t) }

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

func TestHAProxyFailsWhatItCannotExpress(t *testing.T) { target.FailClosed(t) }

func TestLongValuesThroughHAProxy(t *testing.T) { target.LongValues(t) }

func TestOddPathsThroughHAProxy(t *testing.T) { target.OddPaths(t) }

func TestOddValuesThroughHAProxy(t *testing.T) { target.OddValues(t) }

func TestHAProxyTakesManyRoutes(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	target.TakesLarge(t, n)
}

// BenchmarkTranslate writes 10,000 routes.
func BenchmarkTranslate(b *testing.B) { target.Benchmark(b) }
