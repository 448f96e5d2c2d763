package h2_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"golang.org/x/net/http2/hpack"
)

const listed = 1 << 20

func TestDecoderRefuses(t *testing.T) {
	long := "\x00\x7f\x80\x08" + strings.Repeat("n", 127+1024) + "\x00" // a name of 1151 bytes
	for _, test := range []struct{ name, block string }{
		{"index 0", "\x80"},
		{"index beyond the tables", "\xbe"},
		{"name by an index beyond the tables", "\x7e\x01v"},
		{"cut after the pattern", "\x40"},
		{"cut within an integer", "\xff"},
		{"cut within a string", "\x00\x05ab"},
		{"cut before the value", "\x00\x01a"},
		{"integer too large", "\xff\xff\xff\xff\xff\xff\xff\x01"},
		{"table larger than allowed", "\x3f\xe2\x1f"},
		{"table changed within a block", "\x82\x20"},
		{"padding of 8 bits", "\x00\x01a\x82\x1f\xff"},
		{"name too long", long},
	} {
		t.Run(test.name, func(t *testing.T) {
			if fields, _, err := h2.NewDecoder(1000).Decode(nil, []byte(test.block), listed); err == nil {
				t.Errorf("got %v", fields)
			}
		})
	}
}

// TestDecoderBoundsTheList keeps what fits, counts the rest and stays in step.
func TestDecoderBoundsTheList(t *testing.T) {
	var text strings.Builder
	e, d := hpack.NewEncoder(&text), h2.NewDecoder(listed)
	first := hpack.HeaderField{Name: "a", Value: "1"}
	second := hpack.HeaderField{Name: "b", Value: strings.Repeat("2", 100)}
	for _, f := range []hpack.HeaderField{first, second} {
		if err := e.WriteField(f); err != nil {
			t.Fatal(err)
		}
	}
	fields, size, err := d.Decode(nil, []byte(text.String()), 100)
	if err != nil || size != 34+133 || !slices.Equal(fields, []hpack.HeaderField{first}) {
		t.Errorf("got %v, %d bytes, %v", fields, size, err)
	}
	text.Reset()
	if err := e.WriteField(second); err != nil { // by its index
		t.Fatal(err)
	}
	fields, _, err = d.Decode(nil, []byte(text.String()), listed)
	if err != nil || !slices.Equal(fields, []hpack.HeaderField{second}) {
		t.Errorf("then %v, %v", fields, err)
	}
}

// FuzzDecoder: two blocks mean what they mean to the decoder of golang.org/x/net,
// which is more patient about integers and updates only.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), []byte("\x82\x86\x84\xbe\x58\x08no-cache"))
	f.Add([]byte("\x40\x01a\x01b\x10\x01c\x01d\x00\x01e\x00"), []byte("\x20\x3f\xe1\x1f\xbe"))
	f.Add([]byte("\x40\x01a\x01b\x21\x3f\x01"), []byte("\x3f\x05\x40\x01a\x7f\x00"))
	f.Add([]byte("c\x01d"), []byte("?P "))
	f.Add([]byte("c\x01d"), []byte("?P \x82"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var want []hpack.HeaderField
		reference := hpack.NewDecoder(4096, func(f hpack.HeaderField) { want = append(want, f) })
		d := h2.NewDecoder(listed)
		for _, block := range [][]byte{first, second} {
			want = nil
			_, wrong := reference.Write(block)
			if e := reference.Close(); wrong == nil {
				wrong = e
			}
			got, _, err := d.Decode(nil, block, listed)
			if wrong != nil && strings.Contains(wrong.Error(), "MUST occur at the beginning") && err == nil {
				return // it knows one update before the first field; there may be two (RFC 7541, 4.2), and none later
			}
			if err == nil && wrong != nil {
				t.Fatalf("%x: got %v, want %v", block, got, wrong)
			}
			if err != nil {
				return
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%x: got %v, want %v", block, got, want)
			}
		}
	})
}

// BenchmarkDecoder reads requests whose timeouts differ, as grpc-go sends them.
func BenchmarkDecoder(b *testing.B) {
	var text strings.Builder
	e := hpack.NewEncoder(&text)
	var blocks [][]byte
	for i := range 1000 {
		text.Reset()
		for _, f := range request(string('0'+rune(i%10)) + "999" + string('0'+rune(i/10%10)) + string('0'+rune(i/100)) + "u") {
			if err := e.WriteField(f); err != nil {
				b.Fatal(err)
			}
		}
		blocks = append(blocks, []byte(text.String()))
	}
	b.ReportAllocs()
	for b.Loop() {
		d := h2.NewDecoder(listed)
		var fields []hpack.HeaderField
		for _, block := range blocks {
			fields, _, _ = d.Decode(fields[:0], block, listed)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(blocks)), "ns/block")
}
