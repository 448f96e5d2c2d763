package h2

import (
	"hash/maphash"

	"golang.org/x/net/http2/hpack"
)

// Encoder compresses the header blocks of one connection (RFC 7541). It is made
// for a proxy, which sends few different fields again and again: it finds a field
// by one hash instead of by two maps, and gives a place in the table to what comes
// back, so that values which change with every call, such as timeouts, push
// nothing out.
type Encoder struct {
	size, limit int // of the dynamic table, in bytes of RFC 7541, 4.1
	changed     bool // the peer must learn of the limit
	entries     []entry // the dynamic table, oldest first; a ring of a power of two
	first, next uint64  // numbers of the oldest entry and of the one to come
	pairs       [1 << setBits][ways]uint64
	names       [1 << setBits]uint64
	seen        [1 << seenBits]uint32
}

type entry struct{ name, value string }

const (
	setBits  = 6
	ways     = 4
	seenBits = 7
	// tableSize is that of the dynamic table at first (RFC 7541, 4.2; RFC 9113, 6.5.2),
	// and the most that is used.
	tableSize = 4096
	overhead  = 32 // bytes that an entry counts besides its text (RFC 7541, 4.1)
)

// seed is of hashes that choose places only: equal hashes do no harm.
var seed = maphash.MakeSeed()

// NewEncoder returns the encoder of a new connection.
func NewEncoder() *Encoder {
	return &Encoder{limit: tableSize, entries: make([]entry, 16), first: 1, next: 1}
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
	set := &e.pairs[pair>>(64-setBits)]
	for _, n := range set {
		if n >= e.first && n < e.next {
			if at := e.at(n); at.value == f.Value && at.name == f.Name {
				return appendInt(b, 0x80, 7, e.index(n))
			}
		}
	}
	if !e.returns(f, name, pair) {
		return e.literal(b, f, 0, 4, name)
	}
	b = e.literal(b, f, 0x40, 6, name)
	e.add(f, name, set)
	return b
}

// returns reports whether a field is worth a place in the table: its name has none
// yet, or it was here before.
func (e *Encoder) returns(f *hpack.HeaderField, name, pair uint64) bool {
	if len(f.Name)+len(f.Value)+overhead > e.limit/2 {
		return false
	}
	mark := &e.seen[pair>>(64-seenBits)]
	before := *mark == uint32(pair)
	*mark = uint32(pair)
	return before || e.named(f.Name, name) == 0
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
	if n := e.names[hash>>(64-setBits)]; n >= e.first && n < e.next && e.at(n).name == name {
		return e.index(n)
	}
	return uint64(staticNames[name])
}

// add makes a field the newest entry.
func (e *Encoder) add(f *hpack.HeaderField, name uint64, set *[ways]uint64) {
	size := len(f.Name) + len(f.Value) + overhead
	e.evict(size)
	if e.next-e.first == uint64(len(e.entries)) {
		e.grow()
	}
	n := e.next
	e.next++
	e.size += size
	*e.at(n) = entry{f.Name, f.Value}
	e.names[name>>(64-setBits)] = n
	oldest := 0
	for i := range set {
		if set[i] < set[oldest] {
			oldest = i
		}
	}
	set[oldest] = n
}

// evict makes room.
func (e *Encoder) evict(size int) {
	for e.size+size > e.limit && e.first < e.next {
		old := e.at(e.first)
		e.size -= len(old.name) + len(old.value) + overhead
		*old = entry{}
		e.first++
	}
}

func (e *Encoder) grow() {
	old := *e
	e.entries = make([]entry, 2*len(old.entries))
	for n := old.first; n < old.next; n++ {
		*e.at(n) = *old.at(n)
	}
}

func (e *Encoder) at(n uint64) *entry { return &e.entries[n&uint64(len(e.entries)-1)] }

// index is the present one of an entry (RFC 7541, 2.3.3).
func (e *Encoder) index(n uint64) uint64 { return staticLen + e.next - n }

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
