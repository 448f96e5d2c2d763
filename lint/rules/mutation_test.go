package rules_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"
)

// TestRulesSurviveMutations runs every rule over the objects of the golden cases
// with one value in them replaced by something odd: objects that no API server
// takes still reach the rules when they fit their Go types.
func TestRulesSurviveMutations(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(cases, "*", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	services, err := descriptor.Load(descriptor.Options{Protos: []string{"../../examples/proto"}})
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]*descriptor.Set{"shop/users": services}
	for _, name := range files {
		objects := objectsOf(t, name)
		for range 8 {
			if len(objects) == 0 {
				break
			}
			mutated := slices.Clone(objects)
			i := r.IntN(len(objects))
			mutated[i] = mutate(r, clone(t, objects[i]))
			var text strings.Builder
			for _, o := range mutated {
				data, err := json.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				text.WriteString("---\n" + string(data) + "\n")
			}
			func() {
				defer func() {
					if p := recover(); p != nil {
						t.Fatalf("%s: %v in\n%s", name, p, text.String())
					}
				}()
				messages(t, text.String(), lint.Options{Assume: topology.Assume(r.IntN(3)), Advice: true, Descriptors: services, BackendDescriptors: own})
			}()
		}
	}
}

// objectsOf returns the objects of a golden case that can be read.
func objectsOf(t *testing.T, name string) []any {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []any
	for _, f := range txtar.Parse(data).Files {
		if f.Name == "want" || len(f.Data) > 8<<10 {
			continue
		}
		for doc := range strings.SplitSeq(string(f.Data), "---\n") {
			var v map[string]any
			if yaml.Unmarshal([]byte(doc), &v) == nil && v["kind"] != nil {
				out = append(out, v)
			}
		}
	}
	return out
}

func clone(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// mutate replaces one value somewhere in v, or takes it away.
func mutate(r *rand.Rand, v any) any {
	odd := []any{nil, "", "x", "*", "a.b/c", "(", "443", -1, 0, 1 << 40, 1.5, true, []any{}, map[string]any{}, []any{nil}, map[string]any{"": nil}}
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if len(keys) == 0 {
			break
		}
		k := keys[r.IntN(len(keys))]
		if r.IntN(12) == 0 {
			delete(v, k)
			return v
		}
		v[k] = mutate(r, v[k])
		return v
	case []any:
		if len(v) == 0 || r.IntN(12) == 0 {
			break
		}
		i := r.IntN(len(v))
		if r.IntN(6) == 0 {
			return append(v, v[i]) // twice
		}
		v[i] = mutate(r, v[i])
		return v
	}
	return odd[r.IntN(len(odd))]
}
