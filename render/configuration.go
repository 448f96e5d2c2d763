package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Configuration writes a JSON document as format says, "json" or "yaml", with the
// fields in the order they have.
func Configuration(text []byte, format string) ([]byte, error) {
	var out bytes.Buffer
	if format == "yaml" {
		y := &yamlWriter{out: &out, in: json.NewDecoder(bytes.NewReader(text))}
		y.in.UseNumber()
		if err := y.value(0, false); err != nil {
			return nil, fmt.Errorf("write YAML: %w", err)
		}
		return out.Bytes(), nil
	}
	if err := json.Indent(&out, bytes.TrimSpace(text), "", "  "); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// yamlWriter turns JSON into YAML as it reads it. The libraries build trees of it,
// twice, and forget the order of fields.
type yamlWriter struct {
	out *bytes.Buffer
	in  *json.Decoder
}

// value writes the next value, to the end of the line. Whether it is a field's or
// an item's decides where its own first line begins.
func (y *yamlWriter) value(depth int, field bool) error {
	token, err := y.in.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return y.collection(v, depth, field)
	case string:
		y.scalar(field, quoted(v))
	case nil:
		y.scalar(field, "null")
	default:
		y.scalar(field, fmt.Sprint(v))
	}
	return nil
}

func (y *yamlWriter) scalar(field bool, text string) {
	if field {
		y.out.WriteByte(' ')
	}
	y.out.WriteString(text)
	y.out.WriteByte('\n')
}

// collection writes an object or a list whose opening was read.
func (y *yamlWriter) collection(open json.Delim, depth int, field bool) error {
	if !y.in.More() {
		y.scalar(field, map[json.Delim]string{'{': "{}", '[': "[]"}[open])
		_, err := y.in.Token()
		return err
	}
	if field {
		y.out.WriteByte('\n')
	}
	for first := !field; y.in.More(); first = false {
		if !first {
			y.out.WriteString(strings.Repeat("  ", depth))
		}
		if err := y.entry(open, depth); err != nil {
			return err
		}
	}
	_, err := y.in.Token()
	return err
}

// entry writes one item of a list, or one field of an object.
func (y *yamlWriter) entry(open json.Delim, depth int) error {
	if open == '[' {
		y.out.WriteString("- ")
		return y.value(depth+1, false)
	}
	key, err := y.in.Token()
	if err != nil {
		return err
	}
	name, ok := key.(string)
	if !ok {
		return io.ErrUnexpectedEOF
	}
	y.out.WriteString(quoted(name))
	y.out.WriteByte(':')
	return y.value(depth+1, true)
}

// plainText is what stands in YAML without quotes and is text to every reader.
var plainText = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./-]*$`)

// words are what some reader takes for something else than text.
var words = map[string]bool{
	"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true, "true": true, "false": true, "null": true, "nan": true, "inf": true, "infinity": true,
}

func quoted(s string) string {
	if plainText.MatchString(s) && !words[strings.ToLower(s)] {
		return s
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always has a form
	return strings.TrimSuffix(out.String(), "\n")
}
