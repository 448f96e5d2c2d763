package pingora_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/pingora"
)

// FuzzParse: whatever is read is written and read again alike, in both forms, and
// has a table or an error.
func FuzzParse(f *testing.F) {
	for _, m := range []*pingora.UpdateRoutes{everything, {}} {
		text, err := pingora.JSON(m)
		if err != nil {
			f.Fatal(err)
		}
		data, err := pingora.Binary(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(data)
	}
	f.Add([]byte(`{"grpcRoutes":[{"id":"d/r","hostnames":["*.a"],"rules":[{"matches":[{"method":{"type":2,"service":"("}}],"backends":[{"address":"[::1]:80"}]}]}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := pingora.Parse(in)
		if err != nil {
			return
		}
		text, err := pingora.JSON(m)
		if err != nil {
			t.Fatal(err)
		}
		data, err := pingora.Binary(m)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, form := range [][]byte{text, data} {
			back, err := pingora.Parse(form)
			if err != nil {
				t.Fatalf("%v\n%q", err, form)
			}
			if diff := cmp.Diff(m, back); diff != "" {
				t.Fatalf("%q reads back otherwise:\n%s", form, diff)
			}
		}
		if table, err := pingora.Table(m, "d/gw"); err == nil {
			table.Lookup(&routing.Request{Gateway: "d/gw", Authority: "a.b", Path: "/a.B/C"})
		}
	})
}
