package manifest

import (
	"bytes"
	"strings"
)

// list takes in a large List by reading its items one by one, so that memory is
// bounded by the largest item. It reports false when the text is not laid out
// like what kubectl and its like write; the document is then read whole.
func (d *documents) list(src *source) bool {
	data := src.file.Data
	var items []chunk
	var head, tail int
	var ok bool
	if src.json {
		items, head, tail, ok = jsonItems(data, src.start, src.end)
	} else {
		items, head, tail, ok = yamlItems(data, src.start, src.end)
	}
	if !ok || src.end-src.start-(tail-head) > MaxDocumentBytes {
		return false
	}
	envelope := append(bytes.Clone(data[src.start:head]), " []\n"...)
	envelope = append(envelope, data[tail:src.end]...)
	var v any
	var err error
	if src.json {
		v, err = d.r.jsonValue(envelope)
	} else {
		v, err = d.r.yamlValue(envelope)
	}
	m, _ := v.(map[string]any)
	apiVersion, _ := m["apiVersion"].(string)
	kindName, isList := strings.CutSuffix(stringOf(m["kind"]), "List")
	if err != nil || d.r.duplicates || !isList {
		return false
	}
	return d.listItems(src, items, apiVersion, kindName)
}

func stringOf(v any) string {
	s, _ := v.(string)
	return s
}

// listItems reads the items of a large List. An item may depend on the rest of
// the document, by an anchor; a document of normal size is then read whole.
func (d *documents) listItems(src *source, items []chunk, apiVersion, kindName string) bool {
	whole := src.end-src.start <= MaxDocumentBytes
	of := documents{part: &part{file: src.file}, r: d.r, l: d.l, named: d.named}
	for _, c := range items {
		item := &source{file: src.file, chunk: c}
		before := len(of.problems)
		v, ok := of.value(item)
		if !ok || len(of.problems) > before {
			if whole {
				return false
			}
			continue
		}
		of.item(item, v, apiVersion, kindName)
	}
	d.part.append(of.part)
	return true
}

// item takes in an item of a large List, which is a source of its own.
func (d *documents) item(src *source, v any, apiVersion, kindName string) {
	if m, ok := v.(map[string]any); ok && kindName != "" {
		inheritType(m, apiVersion, kindName)
	}
	d.whole(src, Path{}, v)
}

var itemsKey = []byte("\nitems:")

// yamlItems finds the items of a block-style List between head, the end of the
// line "items:", and tail.
func yamlItems(data []byte, start, end int) (items []chunk, head, tail int, ok bool) {
	text := data[:end]
	at := bytes.Index(text[start:], itemsKey)
	if at < 0 {
		return nil, 0, 0, false
	}
	head = start + at + len(itemsKey)
	if bytes.Contains(text[head:], itemsKey) {
		return nil, 0, 0, false
	}
	pos := lineEnd(text, head)
	if rest := bytes.TrimSpace(text[head:pos]); len(rest) > 0 && rest[0] != '#' {
		return nil, 0, 0, false
	}
	indent := -1
	for pos = min(pos+1, end); pos < end; {
		next := min(lineEnd(text, pos)+1, end)
		column := 0
		for pos+column < next && text[pos+column] == ' ' {
			column++
		}
		rest := bytes.TrimRight(text[pos+column:next], " \t\r\n")
		dash := len(rest) > 0 && rest[0] == '-' && (len(rest) == 1 || rest[1] == ' ')
		switch {
		case len(rest) == 0 || rest[0] == '#':
		case indent < 0 && !dash:
			return nil, 0, 0, false
		case dash && (indent < 0 || column == indent):
			indent = column
			items = append(items, chunk{start: pos, end: next, item: true})
		case column <= indent:
			return items, head, pos, true
		}
		if len(items) > 0 {
			items[len(items)-1].end = next
		}
		pos = next
	}
	return items, head, end, len(items) > 0
}

// jsonItems finds the items of a List in JSON between head, the bracket that
// opens them, and tail, the end of the one that closes them.
func jsonItems(data []byte, start, end int) (items []chunk, head, tail int, ok bool) {
	text := data[:end]
	if text[start] != '{' {
		return nil, 0, 0, false
	}
	for pos := skipSpace(text, start+1); pos < end && text[pos] == '"'; {
		keyEnd := stringEnd(text, pos)
		value := skipSpace(text, min(keyEnd, end))
		if value >= end || text[value] != ':' {
			return nil, 0, 0, false
		}
		value = skipSpace(text, value+1)
		next := valueEnd(text, value)
		if string(text[pos:keyEnd]) == `"items"` {
			if ok || value >= end || text[value] != '[' {
				return nil, 0, 0, false
			}
			head, tail, ok = value, next, true
		}
		if pos = skipSpace(text, next); pos < end && text[pos] == ',' {
			pos = skipSpace(text, pos+1)
		}
	}
	for pos := skipSpace(text, head+1); ok && pos < tail-1; {
		if text[pos] != '{' {
			return nil, 0, 0, false
		}
		next := valueEnd(text, pos)
		items = append(items, chunk{start: pos, end: next, json: true, braces: true})
		if pos = skipSpace(text, next); text[pos] == ',' {
			pos = skipSpace(text, pos+1)
		} else if pos != tail-1 {
			return nil, 0, 0, false
		}
	}
	return items, head, tail, len(items) > 0
}

// valueEnd returns the end of the JSON value at pos.
func valueEnd(text []byte, pos int) int {
	if pos >= len(text) {
		return len(text)
	}
	switch text[pos] {
	case '{', '[':
		end, _ := jsonEnd(text, pos)
		return end
	case '"':
		return min(stringEnd(text, pos), len(text))
	}
	for pos < len(text) && !isJSONEnd(text[pos]) {
		pos++
	}
	return pos
}
