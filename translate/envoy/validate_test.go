package envoy_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
	"github.com/grpcroute/grpcroute/translate/plan"
)

// options are those of a plan, for Envoy.
func options(o plan.Options) envoy.Options {
	return envoy.Options{Listen: o.Listen, Backends: o.Backends, CertificateDir: o.CertificateDir, SystemCA: o.SystemCA}
}

// TestEnvoyTakesTheConfigurations validates what is written for every manifest set.
func TestEnvoyTakesTheConfigurations(t *testing.T) {
	agreement.Envoy(t)
	n, listeners := 0, 0
	for name, set := range agreement.ManifestSets(t, "../..") {
		if n++; testing.Short() && n%20 != 0 {
			continue
		}
		ts := agreement.Tables(set)
		b, _, err := envoy.Translate(ts, options(agreement.Opened(t, ts)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		listeners += len(b.GetStaticResources().GetListeners())
		if err := validate(t, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Logf("%d manifest sets, %d listeners", n, listeners)
	if listeners < 10 {
		t.Errorf("%d listeners in %d sets", listeners, n)
	}
}

// TestEnvoyTakesRandomConfigurations does the same for 300 random tables.
func TestEnvoyTakesRandomConfigurations(t *testing.T) {
	agreement.Envoy(t)
	n := 300
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		ts := []*routing.Table{agreement.Random(t, seed, "d", false)}
		b, _, err := envoy.Translate(ts, options(agreement.Opened(t, ts)))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, b); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
