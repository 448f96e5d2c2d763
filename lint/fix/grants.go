package fix

import (
	"bytes"

	"github.com/grpcroute/grpcroute/manifest"
)

// grants is the text of the objects that a batch adds, nil for none. Each is a
// document of its own.
func (s *state) grants(batch []*candidate) []byte {
	text := s.text[s.o.Grants]
	var out []byte
	for _, c := range batch {
		if c.suggestion.Add == nil {
			continue
		}
		before := len(text) + len(out)
		switch {
		case before > 0 && !bytes.HasSuffix(append(text[:len(text):len(text)], out...), []byte("\n")):
			out = append(out, "\n---\n"...)
		case before > 0:
			out = append(out, "---\n"...)
		}
		if note := c.suggestion.AddNote; note != "" {
			out = append(out, "# "+note+"\n"...)
		}
		out = append(out, manifest.Text(c.suggestion.Add)...)
	}
	return out
}
