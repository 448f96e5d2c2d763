package envoy_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// BenchmarkTranslate writes 10,000 routes, as YAML.
func BenchmarkTranslate(b *testing.B) {
	ts := []*routing.Table{agreement.Large(b, 10_000)}
	for b.Loop() {
		out, _, err := envoy.Translate(ts, envoy.Options{})
		if err != nil {
			b.Fatal(err)
		}
		text, err := envoy.JSON(out)
		if err != nil {
			b.Fatal(err)
		}
		if text, err = render.Configuration(text, "yaml"); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}
