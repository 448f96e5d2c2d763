// Package h2 reads and writes the frames of HTTP/2 (RFC 9113) in byte slices: no
// connection, no state, nothing that allocates. What a frame means for a stream
// is decided in package proxy.
package h2

import (
	"encoding/binary"
	"fmt"
)

// Preface is what a client sends first.
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Sizes that RFC 9113 fixes.
const (
	HeaderLen     = 9         // of every frame
	MinFrameSize  = 16 << 10  // SETTINGS_MAX_FRAME_SIZE, by default and at least
	MaxFrameSize  = 1<<24 - 1 // SETTINGS_MAX_FRAME_SIZE, at most
	InitialWindow = 65535     // of streams and connections
	MaxWindow     = 1<<31 - 1
	MaxStreamID   = 1<<31 - 1
)

// Type is the type of a frame.
type Type byte

// The types of frames.
const (
	Data Type = iota
	Headers
	Priority
	Reset
	Settings
	PushPromise
	Ping
	GoAway
	WindowUpdate
	Continuation
)

// Flags of a frame; which ones count depends on its type.
type Flags byte

// The flags.
const (
	EndStream   Flags = 0x1  // of Data and Headers
	Ack         Flags = 0x1  // of Settings and Ping
	EndHeaders  Flags = 0x4  // of Headers and Continuation
	Padded      Flags = 0x8  // of Data and Headers
	HasPriority Flags = 0x20 // of Headers
)

// Has reports whether a flag is set.
func (f Flags) Has(flag Flags) bool { return f&flag != 0 }

// Frame is a frame's header.
type Frame struct {
	Length int
	Type   Type
	Flags  Flags
	Stream uint32
}

// Parse reads the header of a frame, which must be there in full.
func Parse(b []byte) Frame {
	_ = b[HeaderLen-1]
	return Frame{
		Length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		Type:   Type(b[3]),
		Flags:  Flags(b[4]),
		Stream: binary.BigEndian.Uint32(b[5:]) & MaxStreamID,
	}
}

// Append appends the header of a frame.
func Append(b []byte, length int, t Type, f Flags, stream uint32) []byte {
	return append(b, byte(length>>16), byte(length>>8), byte(length), byte(t), byte(f),
		byte(stream>>24), byte(stream>>16), byte(stream>>8), byte(stream))
}

// SetLength writes the length of a frame into its header.
func SetLength(b []byte, length int) {
	_ = b[2]
	b[0], b[1], b[2] = byte(length>>16), byte(length>>8), byte(length)
}

// AppendWindowUpdate appends a WINDOW_UPDATE; stream 0 is the connection.
func AppendWindowUpdate(b []byte, stream uint32, increment int64) []byte {
	b = Append(b, 4, WindowUpdate, 0, stream)
	return binary.BigEndian.AppendUint32(b, uint32(increment))
}

// AppendReset appends a RST_STREAM.
func AppendReset(b []byte, stream uint32, code Code) []byte {
	b = Append(b, 4, Reset, 0, stream)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

// AppendGoAway appends a GOAWAY with a word for people who debug.
func AppendGoAway(b []byte, last uint32, code Code, debug string) []byte {
	b = Append(b, 8+len(debug), GoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	return append(b, debug...)
}

// AppendPing appends a PING.
func AppendPing(b []byte, f Flags, payload [8]byte) []byte {
	return append(Append(b, 8, Ping, f, 0), payload[:]...)
}

// Setting is one parameter of a SETTINGS frame.
type Setting struct {
	ID    uint16
	Value uint32
}

// The settings.
const (
	HeaderTableSize      uint16 = 1
	EnablePush           uint16 = 2
	MaxConcurrentStreams uint16 = 3
	InitialWindowSize    uint16 = 4
	MaxFrame             uint16 = 5
	MaxHeaderListSize    uint16 = 6
)

// AppendSettings appends a SETTINGS frame.
func AppendSettings(b []byte, list ...Setting) []byte {
	b = Append(b, 6*len(list), Settings, 0, 0)
	for _, s := range list {
		b = binary.BigEndian.AppendUint16(b, s.ID)
		b = binary.BigEndian.AppendUint32(b, s.Value)
	}
	return b
}

// EachSetting calls f for each parameter of a SETTINGS payload whose value is
// legal (RFC 9113, 6.5.2), until f fails.
func EachSetting(payload []byte, f func(Setting) error) error {
	for ; len(payload) >= 6; payload = payload[6:] {
		s := Setting{binary.BigEndian.Uint16(payload), binary.BigEndian.Uint32(payload[2:])}
		switch {
		case s.ID == EnablePush && s.Value > 1:
			return connError(ProtocolError, "SETTINGS_ENABLE_PUSH is %d: expected 0 or 1", s.Value)
		case s.ID == InitialWindowSize && s.Value > MaxWindow:
			return connError(FlowControlError, "SETTINGS_INITIAL_WINDOW_SIZE is %d: at most %d", s.Value, MaxWindow)
		case s.ID == MaxFrame && (s.Value < MinFrameSize || s.Value > MaxFrameSize):
			return connError(ProtocolError, "SETTINGS_MAX_FRAME_SIZE is %d: expected %d to %d", s.Value, MinFrameSize, MaxFrameSize)
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

// Code is an error code of RST_STREAM and GOAWAY.
type Code uint32

// The codes of RFC 9113, 7.
const (
	NoError Code = iota
	ProtocolError
	InternalError
	FlowControlError
	SettingsTimeout
	StreamClosed
	FrameSizeError
	RefusedStream
	Cancel
	CompressionError
	ConnectError
	EnhanceYourCalm
	InadequateSecurity
	HTTP11Required
)

var codeNames = [...]string{"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
	"STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
	"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"}

// String returns the name of the RFC.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("error code %d", uint32(c))
}

// ConnError ends a connection (RFC 9113, 5.4.1).
type ConnError struct {
	Code   Code
	Reason string
}

// Error returns the code and the reason.
func (e *ConnError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Reason) }

// StreamError ends a stream (RFC 9113, 5.4.2).
type StreamError struct {
	Stream uint32
	Code   Code
	Reason string
}

// Error returns the stream, the code and the reason.
func (e *StreamError) Error() string {
	return fmt.Sprintf("stream %d: %s: %s", e.Stream, e.Code, e.Reason)
}

func connError(code Code, format string, args ...any) error {
	return &ConnError{code, fmt.Sprintf(format, args...)}
}
