package verify

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/internal/random"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// TestDumpOfARunningEnvoy proves from what the admin interface of a real Envoy shows
// that it routes as the manifests say.
func TestDumpOfARunningEnvoy(t *testing.T) {
	agreement.Envoy(t)
	for _, seed := range []uint64{3, 11, 24} {
		table := agreement.Compile(t, random.New(seed).Manifests(mutationManifests), profile.Spec)
		admin := ""
		start(t, 2, func(addresses []string) string {
			admin = addresses[0]
			b, _, err := envoy.Translate([]*routing.Table{table}, envoy.Options{
				Admin: admin, Listen: map[string]string{"d/gw:80": addresses[1], "d/gw:81": addresses[2]},
			})
			if err != nil {
				t.Fatal(err)
			}
			text, err := envoy.JSON(b)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		})
		res, err := http.Get("http://" + admin + "/config_dump?include_eds")
		if err != nil {
			t.Fatal(err)
		}
		dump, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		config, err := Read([]*manifest.File{{Name: "config_dump", Data: dump}})
		if err != nil {
			t.Fatal(err)
		}
		r := Compare(context.Background(), []*routing.Table{table}, config, Options{})
		if len(r.Regions)+len(r.Unknown)+len(r.Settings) > 0 || len(r.Compared) == 0 {
			t.Errorf("seed %d: %v\n%s", seed, r.Compared, reported(r))
		}
	}
}
