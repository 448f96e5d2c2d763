package h2

import (
	"hash/maphash"
	"slices"

	"golang.org/x/net/http2/hpack"
)

// Encoder compresses the header blocks of one connection (RFC 7541). It is made
// for a proxy, which sends few different fields again and again: it finds a field
// by one hash instead of by two maps, and gives a place in the table to what comes
// back, so that values which change with every call, such as timeouts, push
// nothing out.
type Encoder struct {
	table
	changed bool   // the peer must learn of the limit
	pairs   places // by hash of name and value
	names   places // by hash of the name
	misses  [32]uint64
	missed  int
}

// places holds numbers of entries where a hash says.
type places [64][4]uint64

// of returns the places of a hash.
func (p *places) of(hash uint64) *[4]uint64 { return &p[hash>>58] }

// put takes the place of the oldest.
func (p *places) put(hash, n uint64) {
	set := p.of(hash)
	oldest := 0
	for i := range set {
		if set[i] < set[oldest] {
			oldest = i
		}
	}
	set[oldest] = n
}

// seed is of hashes that choose places only: equal hashes do no harm.
var seed = maphash.MakeSeed()

// NewEncoder returns the encoder of a new connection.
func NewEncoder() *Encoder {
	return &Encoder{table: newTable()}
}

// SetLimit takes the peer's SETTINGS_HEADER_TABLE_SIZE. Of several between two
// blocks the least counts, since not every decoder takes the two updates that
// RFC 7541, 4.2 would want then.
func (e *Encoder) SetLimit(n uint32) {
	limit := int(min(n, tableSize))
	if limit == e.limit || e.changed && limit > e.limit {
		return
	}
	e.limit, e.changed = limit, true
	e.evict(0)
}

// Begin appends what a header block must begin with: the new size of the table
// where it has changed (RFC 7541, 4.2).
func (e *Encoder) Begin(b []byte) []byte {
	if !e.changed {
		return b
	}
	e.changed = false
	return appendInt(b, 0x20, 5, uint64(e.limit))
}

// Append appends a field.
func (e *Encoder) Append(b []byte, f *hpack.HeaderField) []byte {
	if f.Sensitive {
		return e.literal(b, f, 0x10, 4, maphash.String(seed, f.Name))
	}
	if f.Name != "" && f.Name[0] == ':' {
		if index := staticPair(f); index != 0 {
			return append(b, 0x80|index)
		}
	}
	name := maphash.String(seed, f.Name)
	pair := name*31 + maphash.String(seed, f.Value)
	for _, n := range e.pairs.of(pair) {
		if e.holds(n) {
			if at := e.at(n); at.value == f.Value && at.name == f.Name {
				return appendInt(b, 0x80, 7, e.index(n))
			}
		}
	}
	if !e.returns(f, name, pair) {
		return e.literal(b, f, 0, 4, name)
	}
	b = e.literal(b, f, 0x40, 6, name)
	n := e.add(f.Name, f.Value)
	e.pairs.put(pair, n)
	e.names.put(name, n)
	return b
}

// returns reports whether a field is worth a place in the table: its name has none
// yet, or it was here not long ago.
func (e *Encoder) returns(f *hpack.HeaderField, name, pair uint64) bool {
	if len(f.Name)+len(f.Value)+overhead > e.limit/2 {
		return false
	}
	if slices.Contains(e.misses[:], pair) {
		return true
	}
	e.misses[e.missed%len(e.misses)] = pair
	e.missed++
	return e.named(f.Name, name) == 0
}

// literal appends a field that has no index, its name by index where it has one.
func (e *Encoder) literal(b []byte, f *hpack.HeaderField, pattern byte, bits uint, name uint64) []byte {
	index := e.named(f.Name, name)
	b = appendInt(b, pattern, bits, index)
	if index == 0 {
		b = appendString(b, f.Name)
	}
	return appendString(b, f.Value)
}

// named returns the index of an entry with a name, 0 for none.
func (e *Encoder) named(name string, hash uint64) uint64 {
	for _, n := range e.names.of(hash) {
		if e.holds(n) && e.at(n).name == name {
			return e.index(n)
		}
	}
	return uint64(staticNames[name])
}

// appendInt appends an integer behind the bits of a pattern (RFC 7541, 5.1).
func appendInt(b []byte, pattern byte, bits uint, n uint64) []byte {
	most := uint64(1)<<bits - 1
	if n < most {
		return append(b, pattern|byte(n))
	}
	b = append(b, pattern|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// appendString appends a string in the shorter of its two forms (RFC 7541, 5.2).
func appendString(b []byte, s string) []byte {
	if n := hpack.HuffmanEncodeLength(s); n < uint64(len(s)) {
		return hpack.AppendHuffmanString(appendInt(b, 0x80, 7, n), s)
	}
	return append(appendInt(b, 0, 7, uint64(len(s))), s...)
}
