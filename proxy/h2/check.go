package h2

import "encoding/binary"

// Check refuses a frame that no state of a connection could make right: its
// stream, its length (RFC 9113, 6) and the length of its padding. Frames of
// unknown types pass.
func Check(f Frame, payload []byte) error {
	switch f.Type {
	case Data, Headers, Priority, Reset, Continuation:
		if f.Stream == 0 {
			return connError(ProtocolError, "a frame of type %d on stream 0", f.Type)
		}
	case Settings, Ping, GoAway:
		if f.Stream != 0 {
			return connError(ProtocolError, "a frame of type %d on stream %d: expected stream 0", f.Type, f.Stream)
		}
	case PushPromise:
		return connError(ProtocolError, "PUSH_PROMISE, which nobody may send here")
	}
	switch f.Type {
	case Priority:
		if len(payload) != 5 {
			return &StreamError{f.Stream, FrameSizeError, "PRIORITY is 5 bytes long"}
		}
		return dependsOnItself(f.Stream, payload)
	case Reset, WindowUpdate:
		if len(payload) != 4 {
			return connError(FrameSizeError, "a frame of type %d has %d bytes: expected 4", f.Type, len(payload))
		}
	case Settings:
		if len(payload)%6 != 0 || f.Flags.Has(Ack) && len(payload) != 0 {
			return connError(FrameSizeError, "SETTINGS of %d bytes", len(payload))
		}
	case Ping:
		if len(payload) != 8 {
			return connError(FrameSizeError, "PING of %d bytes: expected 8", len(payload))
		}
	case GoAway:
		if len(payload) < 8 {
			return connError(FrameSizeError, "GOAWAY of %d bytes: expected 8 or more", len(payload))
		}
	}
	return nil
}

// dependsOnItself refuses a stream that depends on itself, the one thing about
// priorities that is still checked.
func dependsOnItself(stream uint32, priority []byte) error {
	if binary.BigEndian.Uint32(priority)&MaxStreamID == stream {
		return &StreamError{stream, ProtocolError, "a stream depends on itself"}
	}
	return nil
}

// Unpad returns the content of DATA without its padding.
func Unpad(f Frame, payload []byte) ([]byte, error) {
	if !f.Flags.Has(Padded) {
		return payload, nil
	}
	if len(payload) == 0 || int(payload[0]) >= len(payload) {
		return nil, connError(ProtocolError, "padding longer than its frame")
	}
	return payload[1 : len(payload)-int(payload[0])], nil
}

// Fragment returns the header block fragment of HEADERS, without padding and
// priority. A [StreamError] comes with the fragment, which must still be decoded.
func Fragment(f Frame, payload []byte) ([]byte, error) {
	block, err := Unpad(f, payload)
	if err != nil || !f.Flags.Has(HasPriority) {
		return block, err
	}
	if len(block) < 5 {
		return nil, connError(FrameSizeError, "HEADERS too short for its priority")
	}
	return block[5:], dependsOnItself(f.Stream, block)
}

// Uint31 reads a stream id or an increment.
func Uint31(b []byte) uint32 { return binary.BigEndian.Uint32(b) & MaxWindow }

// Uint32 reads an error code.
func Uint32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
