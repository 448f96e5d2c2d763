package admission_test

import "testing"

// FuzzDifferential lets the fuzzer choose the schema and the draws.
func FuzzDifferential(f *testing.F) {
	for i := range uint64(8) {
		f.Add(i, i*i)
	}
	f.Fuzz(func(t *testing.T, schema, seed uint64) {
		refs := allReferences(t)
		r := refs[schema%uint64(len(refs))]
		differ(t, r, nil, newSource(seed), 3)
	})
}
