package admission_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// effort is how many objects a schema is tried with. GRPCROUTE_DIFFERENTIAL sets
// another number.
func effort(t *testing.T) int {
	if s := os.Getenv("GRPCROUTE_DIFFERENTIAL"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 250
}

// compare checks one object on both sides and returns what differs.
func compare(r *reference, value map[string]any) string {
	before := runtime.DeepCopyJSON(value)
	want, wantSettled := r.check(value)
	got := r.server.Verdict(r.document(value))
	texts := got.Texts(r.rules)
	slices.Sort(want)
	slices.Sort(texts)
	if d := cmp.Diff(want, texts); d != "" {
		return "server's answer (-want +got):\n" + d
	}
	if d := cmp.Diff(before, value); d != "" {
		return "the object was changed:\n" + d
	}
	if wantSettled != nil {
		delete(wantSettled, "metadata")
		delete(got.Settled, "metadata")
		if d := cmp.Diff(wantSettled, got.Settled); d != "" {
			return "defaulted object (-want +got):\n" + d
		}
	}
	for _, f := range got.Failures {
		if why := wrong(&f); why != "" {
			return fmt.Sprintf("%s: %+v", why, f)
		}
	}
	return ""
}

// wrong says what is missing in a failure, or does not agree with the server's
// text.
func wrong(f *admission.Failure) string {
	plain := strings.NewReplacer("[", ".", "]", "")
	var b strings.Builder
	for i, e := range f.Path {
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, e)
	}
	path := plain.Replace(b.String())
	switch {
	case f.Message == "" || strings.HasSuffix(f.Message, "."):
		return "message"
	case f.Refuses == (f.Source == diag.UnknownField):
		return "refuses"
	case strings.HasPrefix(f.Server, "<nil>: "), strings.Contains(f.Server, "cannot be handled as a"):
		return ""
	case f.Source == diag.UnknownField:
		if !strings.Contains(plain.Replace(f.Server), `"`+path+`"`) {
			return "path"
		}
		return ""
	case f.Source == diag.Metadata:
		field, _, _ := strings.Cut(f.Server, ": ")
		if !strings.HasPrefix(path, field) {
			return "path"
		}
		return ""
	case !strings.HasPrefix(plain.Replace(f.Server), path+": "):
		return "path"
	}
	return ""
}

// seeds are realistic objects by kind, for every version of it.
func seeds(t *testing.T) map[string][]map[string]any {
	t.Helper()
	files, err := filepath.Glob("testdata/seeds/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no seeds: %v", err)
	}
	out := map[string][]map[string]any{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range strings.Split(string(data), "\n---\n") {
			var raw map[string]any
			if err := yaml.Unmarshal([]byte(doc), &raw); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			v := integers(raw).(map[string]any)
			kind := strings.TrimPrefix(fmt.Sprint(v["kind"]), "X")
			out[kind] = append(out[kind], v)
		}
	}
	return out
}

// adopt returns the seeds of a kind, in the version at hand.
func (r *reference) adopt(seeds map[string][]map[string]any) []map[string]any {
	var out []map[string]any
	for _, seed := range seeds[strings.TrimPrefix(r.gvk.Kind, "X")] {
		seed = runtime.DeepCopyJSON(seed)
		seed["apiVersion"], seed["kind"] = r.apiVersion(), r.gvk.Kind
		out = append(out, seed)
	}
	return out
}

// integers turns whole floats into the integers that manifest reads.
func integers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = integers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case float64:
		return int64(v)
	}
	return v
}

// TestDifferential holds the verdicts, the texts and the defaults against the
// code of the API server, over generated and mutated objects.
func TestDifferential(t *testing.T) {
	refs := allReferences(t)
	known := seeds(t)
	n := effort(t)
	var mu sync.Mutex
	total, start := 0, time.Now()
	t.Run("schemas", func(t *testing.T) {
		for i, r := range refs {
			t.Run(r.String(), func(t *testing.T) {
				t.Parallel()
				done := differ(t, r, r.adopt(known), newSource(uint64(i)+1), n)
				mu.Lock()
				total += done
				mu.Unlock()
			})
		}
	})
	t.Logf("%d schemas, %d objects compared in %v", len(refs), total, time.Since(start).Round(time.Millisecond))
}

func differ(t *testing.T, r *reference, seeds []map[string]any, s *source, n int) int {
	for _, seed := range seeds {
		if d := compare(r, seed); d != "" {
			t.Fatalf("%s\nobject: %s", d, show(seed))
		}
	}
	done := 0
	for done < n {
		object := s.object(r)
		if len(seeds) > 0 && s.chance(50) {
			object = runtime.DeepCopyJSON(pick(s, seeds))
		}
		for range s.IntN(5) {
			if d := compare(r, object); d != "" {
				t.Fatalf("%s\nobject: %s", d, show(object))
			}
			done++
			s.mutate(object)
		}
	}
	return done
}

func show(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 6000 {
		b = append(b[:6000], "…"...)
	}
	return string(b)
}
