package prove_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// leaves calls f for each scalar below a value, with how to replace it.
func leaves(path string, v any, set func(any), f func(path string, v any, set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			leaves(path+"."+k, v[k], func(x any) { v[k] = x }, f)
		}
	case []any:
		for i := range v {
			leaves(fmt.Sprintf("%s[%d]", path, i), v[i], func(x any) { v[i] = x }, f)
		}
	default:
		f(path, v, set)
	}
}

// flip returns another value of the same type.
func flip(v any) any {
	switch v := v.(type) {
	case string:
		switch v {
		case "Exact":
			return "RegularExpression"
		case "HTTP":
			return "HTTPS"
		}
		return v + "x"
	case int64:
		return v + 1
	case float64:
		return v + 1
	case bool:
		return !v
	}
	return v
}

func tableOf(t *testing.T, values []map[string]any) *routing.Table {
	t.Helper()
	var files []*manifest.File
	for i, v := range values {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, &manifest.File{Name: fmt.Sprintf("%d.json", i), Data: data})
	}
	return routing.Compile(topology.Resolve(manifest.Read(files, manifest.Options{}), topology.Options{Profile: profile.Spec}))
}

// TestEveryFlippedFieldIsSeen changes each field of the spec of each object of the
// examples, one at a time. A difference replays; where none is found both tables
// answer alike on a call of every region of either.
func TestEveryFlippedFieldIsSeen(t *testing.T) {
	set, err := manifest.Load([]string{"../examples/shop"}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var values []map[string]any
	for _, d := range set.Documents {
		values = append(values, d.Value)
	}
	base := tableOf(t, values)
	ctx := context.Background()
	seen, harmless := 0, 0
	for i := range values {
		if values[i]["spec"] == nil {
			continue
		}
		object := fmt.Sprint(values[i]["kind"], " ", values[i]["metadata"].(map[string]any)["name"])
		leaves(object+" spec", values[i]["spec"], nil, func(path string, v any, set func(any)) {
			set(flip(v))
			changed := tableOf(t, values)
			set(v)
			d := prove.Diff(ctx, base, changed, prove.Options{})
			for _, r := range d.Regions {
				if a, b := effects(base, changed, &r.Witness); a == b {
					t.Errorf("%s: witness %+v ends alike", path, r.Witness)
				}
			}
			if len(d.Unknown) > 0 {
				t.Errorf("%s: %v", path, d.Unknown)
			}
			if len(d.Regions) > 0 {
				seen++
				return
			}
			harmless++
			for _, table := range []*routing.Table{base, changed} {
				for _, g := range prove.Partitions(ctx, table, nil, prove.Options{}).Groups {
					for _, r := range g.Regions {
						if a, b := effects(base, changed, &r.Witness); a != b {
							t.Errorf("%s changes %+v from %q to %q, and was said to change nothing", path, r.Witness, a, b)
						}
					}
				}
			}
		})
	}
	t.Logf("%d changes seen, %d without effect", seen, harmless)
	if seen < 50 || harmless == 0 {
		t.Errorf("%d changes seen, %d without effect", seen, harmless)
	}
}
