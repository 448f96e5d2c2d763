package h2

import "golang.org/x/net/http2/hpack"

// staticLen is the length of the static table (RFC 7541, appendix A).
const staticLen = 61

// staticFields is the static table, from index 1 on, as the hpack package reads it.
var staticFields = func() (fields [staticLen + 1]hpack.HeaderField) {
	d := hpack.NewDecoder(0, nil)
	for i := 1; i <= staticLen; i++ {
		if f, err := d.DecodeFull([]byte{0x80 | byte(i)}); err == nil && len(f) == 1 {
			fields[i] = f[0]
		}
	}
	return fields
}()

// staticNames are its names with their first index.
var staticNames = func() map[string]uint8 {
	names := make(map[string]uint8, staticLen)
	for i := staticLen; i > 0; i-- {
		names[staticFields[i].Name] = uint8(i)
	}
	return names
}()

// staticPair returns the index of a pseudo-header that the static table has with
// its value, 0 when it has not.
func staticPair(f *hpack.HeaderField) byte {
	switch f.Name {
	case ":method":
		if f.Value == "POST" {
			return 3
		}
	case ":scheme":
		switch f.Value {
		case "http":
			return 6
		case "https":
			return 7
		}
	case ":status":
		if f.Value == "200" {
			return 8
		}
	}
	return 0
}

// table is a dynamic table (RFC 7541, 2.3.2): a ring whose length is a power of two.
type table struct {
	entries     []entry
	size, limit int    // in bytes of RFC 7541, 4.1
	first, next uint64 // numbers of the oldest entry and of the one to come
}

type entry struct{ name, value string }

const (
	// tableSize is that of a dynamic table at first (RFC 7541, 4.2; RFC 9113, 6.5.2),
	// and the most that is used.
	tableSize = 4096
	overhead  = 32 // bytes that an entry counts besides its text (RFC 7541, 4.1)
)

func newTable() table {
	return table{entries: make([]entry, 16), limit: tableSize, first: 1, next: 1}
}

// add makes a field the newest entry and returns its number; one that is too large
// empties the table (RFC 7541, 4.4).
func (t *table) add(name, value string) uint64 {
	size := len(name) + len(value) + overhead
	t.evict(size)
	if size > t.limit {
		return 0
	}
	if t.next-t.first == uint64(len(t.entries)) {
		t.grow()
	}
	n := t.next
	t.next++
	t.size += size
	*t.at(n) = entry{name, value}
	return n
}

// evict makes room.
func (t *table) evict(size int) {
	for t.size+size > t.limit && t.first < t.next {
		old := t.at(t.first)
		t.size -= len(old.name) + len(old.value) + overhead
		*old = entry{}
		t.first++
	}
}

func (t *table) grow() {
	old := *t
	t.entries = make([]entry, 2*len(old.entries))
	for n := old.first; n < old.next; n++ {
		*t.at(n) = *old.at(n)
	}
}

func (t *table) at(n uint64) *entry { return &t.entries[n&uint64(len(t.entries)-1)] }

// holds reports whether an entry of that number is there.
func (t *table) holds(n uint64) bool { return n >= t.first && n < t.next }

// index is the present one of an entry (RFC 7541, 2.3.3).
func (t *table) index(n uint64) uint64 { return staticLen + t.next - n }
