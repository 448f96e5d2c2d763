package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/grpcroute/grpcroute/diag"
)

// insertKey writes a new field into a mapping.
func (e *editor) insertKey(s step, c Change) (diag.Edit, error) {
	nodes := e.tree.nodes
	m := &nodes[s.value]
	key, _ := c.path[len(c.path)-1].(string)
	if m.kind != mappingNode || key == "" {
		return diag.Edit{}, fmt.Errorf("%s is no mapping", c.path[:len(c.path)-1])
	}
	flow := s.flow || e.braces(s.value)
	if flow && !e.braces(s.value) {
		return diag.Edit{}, fmt.Errorf("%s is a pair without braces in a flow list", c.path[:len(c.path)-1])
	}
	if m.child == none {
		return e.edit(int(m.start)+1, int(m.start)+1, e.flowText(key, e.quote())+": "+e.flowText(c.value, e.quote())), nil
	}
	last := none // the key behind which the new one stands
	for k := m.child; k != none; k = nodes[nodes[k].next].next {
		if last = k; nodes[k].key == c.key && c.key != "" {
			break
		}
	}
	start, end := int(nodes[last].start), int(nodes[last].end)
	if v := &nodes[nodes[last].next]; v.end > v.start {
		end = int(v.end)
	}
	if flow {
		return e.insertFlow(start, end, e.flowText(key, e.quote())+": "+e.flowText(c.value, e.quote())), nil
	}
	return e.insertLine(start, end, func(indent string) string {
		return e.flowText(key, 0) + ":" + e.blockText(c.value, indent, false)
	})
}

// appendItem writes a further item into a list.
func (e *editor) appendItem(s step, c Change) (diag.Edit, error) {
	nodes := e.tree.nodes
	list := &nodes[s.value]
	if list.kind != sequenceNode {
		return diag.Edit{}, fmt.Errorf("%s is no list", c.path)
	}
	last := none
	for n := list.child; n != none; n = nodes[n].next {
		last = n
	}
	if e.braces(s.value) {
		text := e.flowText(c.value, e.quote())
		if last == none {
			return e.edit(int(list.start)+1, int(list.start)+1, text), nil
		}
		return e.insertFlow(int(nodes[last].start), int(nodes[last].end), text), nil
	}
	if s.flow || last == none {
		return diag.Edit{}, fmt.Errorf("%s is written in an unusual way", c.path)
	}
	dash := e.src.dashBefore(int(nodes[last].start))
	if dash < 0 {
		return diag.Edit{}, fmt.Errorf("the dash of the last item of %s was not found", c.path)
	}
	return e.insertLine(dash, int(nodes[last].end), func(indent string) string {
		return "-" + e.blockText(c.value, indent, true)
	})
}

// insertFlow writes text behind a child of braces or brackets: on a line of its
// own where that child has one.
func (e *editor) insertFlow(start, end int, text string) diag.Edit {
	separator := ", "
	line := e.lineStart(start)
	if indent := e.text[line:start]; len(bytes.TrimLeft(indent, " \t")) == 0 && line > e.src.start {
		separator = "," + e.eol + string(indent)
	}
	return e.edit(end, end, separator+text)
}

// insertLine writes a line behind a child of a block collection that begins with
// a key or a dash at start.
func (e *editor) insertLine(start, end int, text func(indent string) string) (diag.Edit, error) {
	line := e.lineStart(start)
	indent := strings.Repeat(" ", start-line)
	if bytes.ContainsAny(e.text[line:start], "\t&!?") {
		return diag.Edit{}, fmt.Errorf("the line %.40q is written in an unusual way", e.text[line:lineEnd(e.text, line)])
	}
	at := lineEnd(e.text, end)
	if rest := bytes.TrimLeft(e.text[end:at], " \t\r:"); len(rest) > 0 && rest[0] != '#' {
		return diag.Edit{}, fmt.Errorf("something follows on the line: %.20q", rest)
	}
	if at >= len(e.text) {
		return e.edit(at, at, e.eol+indent+text(indent)), nil
	}
	return e.edit(at+1, at+1, indent+text(indent)+e.eol), nil
}

// quote is how strings are quoted when nothing else is known.
func (e *editor) quote() byte {
	if e.src.json {
		return '"'
	}
	return 0
}

// addDocument writes an object behind the document.
func (e *editor) addDocument(c Change) (diag.Edit, error) {
	if e.src.json || e.src.item || len(e.base) > 0 {
		return diag.Edit{}, fmt.Errorf("a document can only be added behind one of a YAML file")
	}
	fields, ok := c.value.(Fields)
	if m, isMap := c.value.(map[string]any); isMap {
		fields, ok = sorted(m), true
	}
	if !ok {
		return diag.Edit{}, fmt.Errorf("what is to be added is no object")
	}
	text := strings.ReplaceAll("---\n"+Text(fields), "\n", e.eol)
	if at := e.src.end; at > 0 && e.text[at-1] != '\n' {
		text = e.eol + text
	}
	return e.edit(e.src.end, e.src.end, text), nil
}

// Text writes a value as a YAML document.
func Text(v Fields) string {
	e := &editor{src: &source{}, eol: "\n"}
	var b strings.Builder
	for _, f := range v {
		b.WriteString(e.flowText(f.Key, 0) + ":" + e.blockText(f.Value, "", false) + "\n")
	}
	return b.String()
}

// blockText writes a value behind "key:" or "-", with the blank before it.
func (e *editor) blockText(v any, indent string, item bool) string {
	switch v := v.(type) {
	case map[string]any:
		return e.blockText(sorted(v), indent, item)
	case Fields:
		if len(v) == 0 {
			return " {}"
		}
		inner := indent + "  "
		var b strings.Builder
		for i, f := range v {
			if i == 0 && item {
				b.WriteByte(' ')
			} else {
				b.WriteString(e.eol + inner)
			}
			b.WriteString(e.flowText(f.Key, 0) + ":" + e.blockText(f.Value, inner, false))
		}
		return b.String()
	case []any:
		if len(v) == 0 || item {
			return " " + e.flowText(v, 0)
		}
		var b strings.Builder
		for _, x := range v {
			b.WriteString(e.eol + indent + "-" + e.blockText(x, indent, true))
		}
		return b.String()
	}
	return " " + e.flowText(v, 0)
}

func sorted(m map[string]any) Fields {
	var out Fields
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Field{k, m[k]})
	}
	return out
}

// flowText writes a value on one line. Strings are quoted as the text that begins
// with quote is, where they can be.
func (e *editor) flowText(v any, quote byte) string {
	if e.src.json {
		quote = '"'
	} else if quote != '"' && quote != '\'' {
		quote = 0
	}
	switch v := v.(type) {
	case string:
		return scalarText(v, quote)
	case map[string]any:
		return e.flowText(sorted(v), quote)
	case Fields:
		parts := make([]string, len(v))
		for i, f := range v {
			parts[i] = e.flowText(f.Key, quote) + ": " + e.flowText(f.Value, quote)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = e.flowText(v[i], quote)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// scalarText writes a string as a YAML scalar: plain when nothing else could be
// read from it, in single quotes where the text had them or where they save
// escapes, else as JSON.
func scalarText(s string, quote byte) string {
	printable := !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
	switch {
	case quote == 0 && printable && isPlain(s):
		return s
	case printable && (quote == '\'' || quote == 0 && strings.ContainsAny(s, `\"`)):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if w.Encode(s) != nil { // a string can always be written
		return strconv.Quote(s)
	}
	// YAML wants escapes where JSON does not.
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if r < 0x10000 && !unicode.IsPrint(r) {
			fmt.Fprintf(&out, "\\u%04x", r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// isPlain reports whether a string without quotes is read as itself, in a flow
// collection as well as in a block.
func isPlain(s string) bool {
	if plainName(s) {
		return true
	}
	var r reader
	for _, text := range []string{"[" + s + "]", "- " + s + "\n"} {
		v, err := r.yamlValue([]byte(text))
		list, ok := v.([]any)
		if err != nil || !ok || len(list) != 1 || list[0] != any(s) {
			return false
		}
	}
	return true
}
