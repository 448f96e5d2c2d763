package simulate

import (
	"bytes"
	"errors"
	"strings"
)

// textLine reads a line in Envoy's default format (Envoy docs,
// configuration/observability/access_log/usage, "Default format string"):
//
//	[START] "METHOD PATH PROTOCOL" 200 - 0 0 1 - "FOR" "AGENT" "ID" "AUTHORITY" "UPSTREAM"
//
// or in that of Istio, which has more between and after. The agent may hold
// quotes, so the authority is found from the end: it is the last text in quotes but
// one.
func textLine(line []byte) (*logged, error) {
	c := &logged{}
	rest, ok := c.requestLine(line)
	if !ok {
		return nil, errors.New("it is neither a JSON object nor in Envoy's default format")
	}
	upstream, before, ok := lastQuoted(rest)
	if ok {
		c.authority, _, ok = lastQuoted(before)
	}
	if !ok || upstream == "" {
		return nil, errors.New("it has no host and upstream in quotes at its end, as Envoy's default format has")
	}
	c.authority = absent(c.authority)
	return c, nil
}

// requestLine finds "METHOD PATH PROTOCOL" in quotes and returns what follows.
func (c *logged) requestLine(line []byte) ([]byte, bool) {
	for {
		start := bytes.IndexByte(line, '"')
		if start < 0 {
			return nil, false
		}
		line = line[start+1:]
		end := bytes.IndexByte(line, '"')
		if end < 0 {
			return nil, false
		}
		words := strings.Fields(string(line[:end]))
		if len(words) == 3 && (strings.HasPrefix(words[2], "HTTP/") || words[2] == "-") && strings.ToUpper(words[0]) == words[0] {
			c.method, c.path, c.protocol = absent(words[0]), absent(words[1]), absent(words[2])
			return line[end+1:], true
		}
	}
}

// lastQuoted returns the last text in quotes and what stands before it.
func lastQuoted(line []byte) (text string, before []byte, ok bool) {
	end := bytes.LastIndexByte(line, '"')
	if end < 0 {
		return "", nil, false
	}
	start := bytes.LastIndexByte(line[:end], '"')
	if start < 0 {
		return "", nil, false
	}
	return string(line[start+1 : end]), line[:start], true
}

// absent turns Envoy's word for a value that is not there into none.
func absent(text string) string {
	if text == "-" {
		return ""
	}
	return text
}
