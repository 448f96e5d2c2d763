package h2

import (
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// Request is what the pseudo-headers of a request say.
type Request struct {
	Method, Scheme, Authority, Path string
	ContentType                     string
	Timeout                         string // grpc-timeout as sent
	ContentLength                   int64  // -1 when not sent
}

// ParseRequest reads the header block of a request. The second result says why
// it is malformed (RFC 9113, 8.1 to 8.3), "" when it is not.
func ParseRequest(fields []hpack.HeaderField) (r Request, malformed string) {
	r.ContentLength = -1
	regular, seen := false, 0
	for i := range fields {
		f := &fields[i]
		if f.Name == "" || f.Name[0] != ':' {
			regular = true
			if malformed = r.regular(f); malformed != "" {
				return r, malformed
			}
			continue
		}
		bit := r.pseudo(f)
		switch {
		case regular:
			return r, "a pseudo-header after other headers"
		case bit == 0:
			return r, "pseudo-header " + strconv.Quote(f.Name) + ", which no request has"
		case seen&bit != 0:
			return r, "pseudo-header " + f.Name + " twice"
		case !validValue(f.Value):
			return r, "a control character in the value of " + f.Name
		}
		seen |= bit
	}
	if r.Method == "CONNECT" && seen == hasMethod|hasAuthority {
		return r, ""
	}
	const needed = hasMethod | hasScheme | hasPath
	if seen&needed != needed || r.Method == "" || r.Scheme == "" || r.Path == "" {
		return r, "a pseudo-header is missing or empty: expected :method, :scheme and :path"
	}
	return r, ""
}

const (
	hasMethod = 1 << iota
	hasScheme
	hasPath
	hasAuthority
)

func (r *Request) pseudo(f *hpack.HeaderField) int {
	switch f.Name {
	case ":method":
		r.Method = f.Value
		return hasMethod
	case ":scheme":
		r.Scheme = f.Value
		return hasScheme
	case ":path":
		r.Path = f.Value
		return hasPath
	case ":authority":
		r.Authority = f.Value
		return hasAuthority
	}
	return 0
}

func (r *Request) regular(f *hpack.HeaderField) string {
	if malformed := badField(f); malformed != "" {
		return malformed
	}
	switch f.Name {
	case "content-type":
		r.ContentType = f.Value
	case "grpc-timeout":
		r.Timeout = f.Value
	case "content-length":
		n, err := strconv.ParseUint(f.Value, 10, 62)
		if err != nil || r.ContentLength >= 0 && r.ContentLength != int64(n) {
			return "content-length " + strconv.Quote(f.Value) + " is no length"
		}
		r.ContentLength = int64(n)
	case "te":
		if f.Value != "trailers" {
			return "te " + strconv.Quote(f.Value) + ": expected \"trailers\""
		}
	}
	return ""
}

// badField says what makes a field that is no pseudo-header malformed.
func badField(f *hpack.HeaderField) string {
	switch {
	case !validName(f.Name):
		return "header name " + strconv.Quote(f.Name)
	case !validValue(f.Value):
		return "a control character in the value of " + f.Name
	}
	switch f.Name {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return "header " + f.Name + ", which belongs to HTTP/1.1"
	}
	return ""
}

// ParseResponse returns the status of a response's header block, or why it is
// malformed.
func ParseResponse(fields []hpack.HeaderField) (status, malformed string) {
	for i := range fields {
		f := &fields[i]
		switch {
		case f.Name == ":status" && i == 0:
			status = f.Value
		case strings.HasPrefix(f.Name, ":"):
			return "", "pseudo-header " + strconv.Quote(f.Name) + " in a response"
		default:
			if malformed := badField(f); malformed != "" {
				return "", malformed
			}
		}
	}
	if len(status) != 3 || status[0] < '1' || status[0] > '9' {
		return "", "no :status"
	}
	return status, ""
}

// CheckTrailers says why the fields of a trailer section are malformed.
func CheckTrailers(fields []hpack.HeaderField) (malformed string) {
	for i := range fields {
		if strings.HasPrefix(fields[i].Name, ":") {
			return "pseudo-header " + strconv.Quote(fields[i].Name) + " in trailers"
		}
		if malformed := badField(&fields[i]); malformed != "" {
			return malformed
		}
	}
	return ""
}

// nameChars are the characters of a token, lower case (RFC 9110, 5.6.2).
var nameChars = func() (set [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
		set[c] = true
	}
	return set
}()

func validName(name string) bool {
	for i := range len(name) {
		if !nameChars[name[i]] {
			return false
		}
	}
	return name != ""
}

func validValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
