package manifest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
)

func TestPositionsOfRandomDocuments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	documents := 0
	for range 6000 {
		text := configMap + "data:\n" + randomYAML(r, 2, 3)
		set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(text)}}, manifest.Options{})
		for _, d := range set.Documents {
			documents++
			checkPositions(t, d)
		}
	}
	if documents < 600 {
		t.Errorf("only %d of the random documents are valid: the test shows too little", documents)
	}
}
