package h2

import (
	"errors"

	"golang.org/x/net/http2/hpack"
)

// Decoder reads the header blocks of one connection (RFC 7541). A field that the
// tables hold costs no allocation.
type Decoder struct {
	table
	most int // bytes of one string
}

// NewDecoder returns the decoder of a new connection. A name or a value of more
// than so many bytes is an error.
func NewDecoder(most int) *Decoder {
	return &Decoder{table: newTable(), most: most}
}

// Errors of a header block. The connection ends with each (RFC 9113, 4.3).
var (
	errCut    = errors.New("a header block ends within a field")
	errIndex  = errors.New("a header field has an index that no table holds")
	errInt    = errors.New("an integer of a header block is too large")
	errString = errors.New("a name or a value is too long")
	errUpdate = errors.New("the size of the header table is changed to more than allowed, or not at the beginning of a block")
)

// Decode appends the fields of a complete header block to a slice as long as the
// list is no larger than most, in bytes as RFC 9113, 6.5.2 counts them, and returns
// the size of the whole list.
func (d *Decoder) Decode(fields []hpack.HeaderField, block []byte, most int) (out []hpack.HeaderField, size int, err error) {
	begun := false
	for len(block) > 0 {
		var f hpack.HeaderField
		switch first := block[0]; {
		case first&0x80 != 0: // indexed
			f, block, err = d.indexed(block)
		case first&0x40 != 0:
			if f, block, err = d.literal(block, 6); err == nil {
				d.add(f.Name, f.Value)
			}
		case first&0x20 != 0:
			if begun {
				return fields, size, errUpdate
			}
			if block, err = d.resize(block); err != nil {
				return fields, size, err
			}
			continue
		default:
			f, block, err = d.literal(block, 4)
			f.Sensitive = first&0x10 != 0
		}
		if err != nil {
			return fields, size, err
		}
		begun = true
		if size += len(f.Name) + len(f.Value) + overhead; size <= most {
			fields = append(fields, f)
		}
	}
	return fields, size, nil
}

func (d *Decoder) indexed(block []byte) (f hpack.HeaderField, rest []byte, err error) {
	n, rest, err := readInt(block, 7)
	if err == nil {
		f, err = d.lookUp(n)
	}
	return f, rest, err
}

func (d *Decoder) lookUp(index uint64) (f hpack.HeaderField, err error) {
	if index == 0 {
		return f, errIndex
	}
	if index <= staticLen {
		return staticFields[index], nil
	}
	if back := index - staticLen; back <= d.next-d.first {
		e := d.at(d.next - back)
		return hpack.HeaderField{Name: e.name, Value: e.value}, nil
	}
	return f, errIndex
}

// literal reads a field whose name may have an index.
func (d *Decoder) literal(block []byte, bits uint) (f hpack.HeaderField, rest []byte, err error) {
	n, rest, err := readInt(block, bits)
	if err != nil {
		return f, nil, err
	}
	if n == 0 {
		f.Name, rest, err = d.text(rest)
	} else {
		f, err = d.lookUp(n)
	}
	if err != nil {
		return f, nil, err
	}
	f.Value, rest, err = d.text(rest)
	return f, rest, err
}

// text reads a string (RFC 7541, 5.2).
func (d *Decoder) text(block []byte) (s string, rest []byte, err error) {
	if len(block) == 0 {
		return "", nil, errCut
	}
	packed := block[0]&0x80 != 0
	n, rest, err := readInt(block, 7)
	switch {
	case err != nil:
		return "", nil, err
	case n > uint64(d.most):
		return "", nil, errString
	case n > uint64(len(rest)):
		return "", nil, errCut
	}
	raw, rest := rest[:n], rest[n:]
	if !packed {
		return string(raw), rest, nil
	}
	s, err = hpack.HuffmanDecodeToString(raw)
	if err == nil && len(s) > d.most {
		err = errString
	}
	return s, rest, err
}

// resize takes a new size of the table (RFC 7541, 6.3).
func (d *Decoder) resize(block []byte) ([]byte, error) {
	n, rest, err := readInt(block, 5)
	if err != nil {
		return nil, err
	}
	if n > tableSize {
		return nil, errUpdate
	}
	d.limit = int(n)
	d.evict(0)
	return rest, nil
}

// readInt reads an integer that begins in the last bits of a byte (RFC 7541, 5.1).
func readInt(block []byte, bits uint) (n uint64, rest []byte, err error) {
	if len(block) == 0 {
		return 0, nil, errCut
	}
	most := uint64(1)<<bits - 1
	n, rest = uint64(block[0])&most, block[1:]
	if n < most {
		return n, rest, nil
	}
	for shift := uint(0); len(rest) > 0; shift += 7 {
		b := rest[0]
		rest = rest[1:]
		if shift > 28 {
			return 0, nil, errInt
		}
		if n += uint64(b&0x7f) << shift; b&0x80 == 0 {
			return n, rest, nil
		}
	}
	return 0, nil, errCut
}
