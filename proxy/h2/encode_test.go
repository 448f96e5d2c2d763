package h2_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/grpcroute/grpcroute/proxy/h2"
	"golang.org/x/net/http2/hpack"
)

// peer decodes blocks as the other side of a connection does.
type peer struct {
	*hpack.Decoder
	got []hpack.HeaderField
}

func newPeer() *peer {
	p := &peer{}
	p.Decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) { p.got = append(p.got, f) })
	return p
}

func (p *peer) read(t testing.TB, e *h2.Encoder, fields []hpack.HeaderField) int {
	t.Helper()
	b := e.Begin(nil)
	for i := range fields {
		b = e.Append(b, &fields[i])
	}
	p.got = nil
	if _, err := p.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.got, fields) {
		t.Fatalf("sent %v, got %v", fields, p.got)
	}
	return len(b)
}

func request(timeout string) []hpack.HeaderField {
	return []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: "/acme.Orders/Get"},
		{Name: ":authority", Value: "orders.example.com"}, {Name: "content-type", Value: "application/grpc"},
		{Name: "te", Value: "trailers"}, {Name: "grpc-timeout", Value: timeout}, {Name: "user-agent", Value: "grpc-go/1.79"},
	}
}

// TestEncoderIndexes: from the third call on a request is a byte or two a field;
// a timeout that is another one each time pushes nothing out.
func TestEncoderIndexes(t *testing.T) {
	e, p := h2.NewEncoder(), newPeer()
	p.read(t, e, request("59999m"))
	p.read(t, e, request("59998m"))
	for i := range 2000 {
		if n := p.read(t, e, request(fmt.Sprintf("%du", 49_000_000+i))); n > 20 {
			t.Fatalf("call %d has a block of %d bytes", i, n)
		}
	}
}

// TestEncoderNeverIndexes: a field that must not be indexed stays so (RFC 7541,
// 7.1.3).
func TestEncoderNeverIndexes(t *testing.T) {
	e, p := h2.NewEncoder(), newPeer()
	secret := []hpack.HeaderField{{Name: "authorization", Value: "Bearer s", Sensitive: true}, {Name: "x-token", Value: "s", Sensitive: true}}
	first := p.read(t, e, secret)
	for range 3 {
		if n := p.read(t, e, secret); n != first {
			t.Errorf("%d bytes, then %d: it was indexed", first, n)
		}
	}
}

// TestEncoderAgainstDecoder sends random blocks, with tables that the peer makes
// smaller and larger between them, to the decoder of golang.org/x/net.
func TestEncoderAgainstDecoder(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		e, p := h2.NewEncoder(), newPeer()
		for range 200 {
			for range r.IntN(4) - 1 {
				size := []uint32{0, 40, 100, 1000, 4096, 1 << 20}[r.IntN(6)]
				e.SetLimit(size)
				p.SetAllowedMaxDynamicTableSize(max(size, 4096))
			}
			var fields []hpack.HeaderField
			for range r.IntN(12) {
				fields = append(fields, randomField(r))
			}
			p.read(t, e, fields)
		}
	}
}

func randomField(r *rand.Rand) hpack.HeaderField {
	names := []string{":method", ":scheme", ":status", ":path", ":authority", "content-type", "cookie", "a", "b", "grpc-timeout", "x-long-name-of-a-header"}
	f := hpack.HeaderField{Name: names[r.IntN(len(names))], Sensitive: r.IntN(20) == 0}
	if r.IntN(10) == 0 {
		f.Name = fmt.Sprint("x-", r.IntN(300))
	}
	switch r.IntN(4) {
	case 0:
		f.Value = []string{"POST", "http", "https", "200", "404", ""}[r.IntN(6)]
	case 1:
		f.Value = fmt.Sprint(r.Uint64())
	case 2:
		value := make([]byte, r.IntN(300))
		for i := range value {
			value[i] = byte(r.Uint32())
		}
		f.Value = string(value)
	default:
		f.Value = fmt.Sprint("value ", r.IntN(5))
	}
	return f
}

// BenchmarkEncoder encodes a request with a timeout of its own.
func BenchmarkEncoder(b *testing.B) {
	requests := [][]hpack.HeaderField{request("4999901u"), request("4999902u"), request("4999903u"), request("4999904u")}
	e := h2.NewEncoder()
	var out []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		fields := requests[i%len(requests)]
		fields[6].Value = requests[(i*7+i/4)%4][6].Value
		out = out[:0]
		for j := range fields {
			out = e.Append(out, &fields[j])
		}
	}
}
