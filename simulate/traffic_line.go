package simulate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// witnessFields are those of a witness. A line with no other has all its headers;
// an access log has those that its format names.
var witnessFields = []string{"gateway", "listener", "port", "sni", "authority", "path", "headers"}

// jsonLogCall reads a witness or a line of a JSON access log, whose fields are
// named after what they show, with or without the colon of pseudo-headers.
func jsonLogCall(text string) (*logCall, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	word := func(names ...string) string {
		for _, name := range names {
			var s string
			if json.Unmarshal(fields[name], &s) == nil && s != "" {
				return s
			}
		}
		return ""
	}
	c := &logCall{path: word("path", ":path"), authority: word("authority", ":authority")}
	method, protocol, content := word("method", ":method"), word("protocol"), word("content-type", "content_type")
	if protocol == "HTTP/1.1" || protocol == "HTTP/1.0" || content != "" && !strings.HasPrefix(content, "application/grpc") {
		return nil, errNotGRPC
	}
	if raw, ok := fields["headers"]; ok {
		headers, err := logHeaders(raw)
		if err != nil {
			return nil, err
		}
		c.complete = true
		for name := range fields {
			c.complete = c.complete && slices.Contains(witnessFields, name)
		}
		if c.complete {
			c.headers = headers
		}
	}
	return c.checked(method)
}

// logHeaders reads the headers of a witness: a text, or several, for each name.
func logHeaders(raw json.RawMessage) ([]routing.Header, error) {
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, errors.New("its headers are no JSON object")
	}
	var out []routing.Header
	for _, name := range slices.Sorted(maps.Keys(values)) {
		several, ok := values[name].([]any)
		if !ok {
			several = []any{values[name]}
		}
		for _, v := range several {
			text, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("the value of header %q is no text", name)
			}
			h, err := parseHeader(name + ": " + text)
			if err != nil {
				return nil, err
			}
			out = append(out, h)
		}
	}
	return out, nil
}

// textLogCall reads Envoy's default format, in which the request line is quoted
// first and the authority last but one, before the upstream's address (Envoy
// documentation, "Access logging", default format string):
//
//	[START] "POST /pkg.Service/Method HTTP/2" 200 … "AGENT" "ID" "AUTHORITY" "UPSTREAM"
func textLogCall(text string) (*logCall, error) {
	// Envoy escapes no quotes, so fields are found from both ends: what is odd is
	// in the user agent between them.
	parts := strings.Split(text, `"`)
	if !strings.HasPrefix(text, "[") || len(parts) < 11 {
		return nil, errors.New("neither JSON nor Envoy's default format")
	}
	request := strings.Fields(parts[1])
	if len(request) != 3 {
		return nil, fmt.Errorf("its request line %q has %d words, expected a method, a path and a protocol", clipped(parts[1]), len(request))
	}
	if request[2] == "HTTP/1.1" || request[2] == "HTTP/1.0" {
		return nil, errNotGRPC
	}
	c := &logCall{authority: parts[len(parts)-4], path: request[1]}
	return c.checked(request[0])
}

// clipped shortens foreign text for a message.
func clipped(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
