package simulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/routing"
)

// Where JSON logs keep what we need. Keys are compared in lower case, with "-" for
// "_", without a leading ":", and with the names of the objects around them.
var (
	authorityKeys = []string{"authority", "host", "request.authority", "request.host", "req.authority", "req.host", "http.host", "http.authority", "http.request.host"}
	originalKeys  = []string{"x-envoy-original-path", "x-envoy-origin-path", "original-path", "request.x-envoy-original-path"}
	pathKeys      = []string{"path", "request.path", "req.path", "http.path", "http.request.path", "url.path", "request.url-path", "request-path"}
	methodKeys    = []string{"method", "request.method", "req.method", "http.method", "http.request.method", "request-method"}
	protocolKeys  = []string{"protocol", "request.protocol", "req.protocol", "http.protocol"}
	typeKeys      = []string{"content-type", "request.content-type", "req.content-type"}
	headersKeys   = []string{"headers", "request.headers", "request-headers", "req.headers", "req.header", "http.request.headers"}
)

// witnessKeys are those of a witness, which says all of a request. A count says
// how often it was seen.
var witnessKeys = []string{"gateway", "listener", "port", "sni", "authority", "path", "headers", "count"}

// jsonLine reads an object: a witness, or a line of a JSON access log.
func jsonLine(line []byte) (*logged, error) {
	var object map[string]any
	if err := json.Unmarshal(line, &object); err != nil {
		return nil, fmt.Errorf("parse JSON: %w", err)
	}
	f := fields{texts: map[string]string{}, witness: isWitness(object)}
	f.add("", object)
	c := &logged{
		authority: f.first(authorityKeys), path: f.first(pathKeys), originalPath: f.first(originalKeys),
		method: f.first(methodKeys), protocol: f.first(protocolKeys), contentType: f.first(typeKeys),
	}
	whole := c.takeHeaders(f.headers)
	c.complete = whole || f.hasHeaders && f.witness
	if n, ok := object["count"].(float64); ok && f.witness {
		if n < 1 || n != float64(int32(n)) {
			return nil, fmt.Errorf("count %v is not a number of calls", n)
		}
		c.count = int(n)
	}
	return c, nil
}

func isWitness(object map[string]any) bool {
	for key := range object {
		if !slices.Contains(witnessKeys, key) {
			return false
		}
	}
	return true
}

// fields are the texts of an object and of the objects in it, by key.
type fields struct {
	texts      map[string]string
	headers    []routing.Header
	hasHeaders bool
	witness    bool
}

func (f *fields) add(prefix string, object map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		name := prefix + normalKey(key)
		switch v := object[key].(type) {
		case string:
			if v = absent(v); v != "" && f.texts[name] == "" {
				f.texts[name] = v
			}
		case map[string]any:
			if slices.Contains(headersKeys, name) {
				f.headerObject(v)
			} else {
				f.add(name+".", v)
			}
		case []any:
			if slices.Contains(headersKeys, name) {
				f.headerList(v)
			}
		}
	}
}

func normalKey(key string) string {
	return strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(key), "_", "-"), ":")
}

func (f *fields) first(keys []string) string {
	for _, key := range keys {
		if text := f.texts[key]; text != "" {
			return text
		}
	}
	return ""
}

// headerObject takes {"name": "value", "name": ["value", "value"]}.
func (f *fields) headerObject(object map[string]any) {
	f.hasHeaders = true
	for _, name := range slices.Sorted(maps.Keys(object)) {
		values, many := object[name].([]any)
		if !many {
			values = []any{object[name]}
		}
		for _, v := range values {
			f.header(name, v)
		}
	}
}

// headerList takes [{"name": "x", "value": "y"}], with "key" for "name" too.
func (f *fields) headerList(list []any) {
	f.hasHeaders = true
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			continue
		}
		name, ok := object["name"].(string)
		if !ok {
			name, ok = object["key"].(string)
		}
		if ok {
			f.header(name, object["value"])
		}
	}
}

func (f *fields) header(name string, value any) {
	switch v := value.(type) {
	case string:
		if v == "-" && !f.witness {
			return // Envoy's word for none
		}
		f.headers = append(f.headers, routing.Header{Name: strings.ToLower(name), Value: v})
	case float64, bool:
		f.headers = append(f.headers, routing.Header{Name: strings.ToLower(name), Value: fmt.Sprint(v)})
	}
}

// takeHeaders takes the headers of a line. Pseudo-headers among them say the rest
// of the request, and that the line shows it whole.
func (c *logged) takeHeaders(headers []routing.Header) (whole bool) {
	for _, h := range headers {
		target := map[string]*string{":authority": &c.authority, ":path": &c.path, ":method": &c.method}[h.Name]
		switch {
		case target != nil:
			if *target == "" {
				*target = absent(h.Value)
			}
			whole = whole || h.Name == ":path"
			continue
		case strings.HasPrefix(h.Name, ":"):
			continue
		case h.Name == "content-type" && c.contentType == "":
			c.contentType = h.Value
		case h.Name == "x-envoy-original-path" && c.originalPath == "":
			c.originalPath = absent(h.Value)
		}
		if h.Name == "" || strings.ContainsFunc(h.Name, func(r rune) bool { return !tokenChar(r) }) {
			c.badName = h.Name
			continue
		}
		c.headers = append(c.headers, routing.Header{Name: h.Name, Value: strings.TrimSpace(h.Value)})
	}
	return whole
}
