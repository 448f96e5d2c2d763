package manifest_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
)

func TestSealed(t *testing.T) {
	for text, want := range map[string]bool{
		"ENC[AES256_GCM,data:abc,iv:abc,tag:abc,type:str]": true,
		"<path:kv/data/edge#tls.crt | base64encode>":       true,
		"${EDGE_KEY}\n":               true,
		"":                            false,
		"c2VjcmV0":                    false,
		"ENC[":                        false,
		"key ${EDGE_KEY}":             false,
		"-----BEGIN CERTIFICATE-----": false,
	} {
		if got := manifest.Sealed(text); got != want {
			t.Errorf("Sealed(%q) = %v", text, got)
		}
	}
}
