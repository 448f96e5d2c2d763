package verify_test

import (
	"context"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy/verify"
	"github.com/grpcroute/grpcroute/translate/kgateway"
)

// TestConfigurationsOfAControllerAreEqual proves that what a controller's resources say
// is what its profile says, for random tables.
func TestConfigurationsOfAControllerAreEqual(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 60
	}
	equal := 0
	for seed := range n {
		table := agreement.Compile(t, random.New(uint64(seed)).Manifests(manifests), profile.KGateway)
		resources, notes, err := kgateway.Translate(table, kgateway.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := kgateway.JSON(resources)
		if err != nil {
			t.Fatal(err)
		}
		config, err := verify.Read([]*manifest.File{{Name: "resources.json", Data: text}})
		if err != nil {
			continue // no listener is left
		}
		switch r := verify.Compare(context.Background(), []*routing.Table{table}, config, verify.Options{}); {
		case len(r.Regions)+len(r.Unknown) == 0:
			equal++
		case lost(notes) == "":
			t.Errorf("seed %d:\n%s", seed, describe(r))
		}
	}
	if t.Logf("%d of %d tables are equal", equal, n); equal < n/2 {
		t.Errorf("%d of %d tables are equal", equal, n)
	}
}
