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
	Program: "haproxy", Config: "haproxy.cfg",
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
	target.CallRandom(t, n, each)
}

func TestCallsThroughHAProxyAgreeOnTestdata(t *testing.T) {
	of := 3
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
