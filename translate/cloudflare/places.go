package cloudflare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// places says at which byte each value of a JSON text begins, by its path, as
// "rules[0].backends[1].url".
type places map[string]int

// read notes the places of a text. The error is about its syntax.
func (p places) read(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // a number too large is the type's business
	if err := p.value(d, data, ""); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is more after the configuration's last brace")
	}
	return nil
}

// value reads one value, whose path is known.
func (p places) value(d *json.Decoder, data []byte, path string) error {
	p[path] = start(data, int(d.InputOffset()))
	token, err := d.Token()
	if err != nil {
		return syntax(err)
	}
	switch token {
	case json.Delim('{'):
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return syntax(err)
			}
			if err := p.value(d, data, join(path, fmt.Sprint(key))); err != nil {
				return err
			}
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := p.value(d, data, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = d.Token() // the closing delimiter
	return syntax(err)
}

// start skips what stands between two tokens.
func start(data []byte, offset int) int {
	for offset < len(data) && bytes.IndexByte([]byte(" \t\r\n:,"), data[offset]) >= 0 {
		offset++
	}
	return offset
}

// syntax names a text that ends too early as what it is.
func syntax(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the text ends before the configuration does")
	}
	return err
}
