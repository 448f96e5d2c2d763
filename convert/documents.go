package convert

import (
	"bytes"

	"github.com/grpcroute/grpcroute/manifest"
)

// Documents returns the YAML documents of a result that changed, with all that
// stands in them, separated by "---". A file in JSON is returned whole.
func Documents(r *Result) []byte {
	changed := map[string][]*manifest.Document{}
	for _, route := range r.Routes {
		if route.New != nil {
			changed[route.New.File.Name] = append(changed[route.New.File.Name], route.New)
		}
	}
	for _, g := range r.Grants {
		changed[g.New.File.Name] = append(changed[g.New.File.Name], g.New)
	}
	var out bytes.Buffer
	add := func(text []byte) {
		if text = bytes.TrimLeft(text, "\r\n"); out.Len() > 0 {
			out.WriteString("---\n")
		}
		out.Write(text)
		if !bytes.HasSuffix(text, []byte("\n")) {
			out.WriteByte('\n')
		}
	}
	for _, f := range r.Files {
		if text := bytes.TrimSpace(f.New); len(text) > 0 && text[0] == '{' {
			add(f.New)
			continue
		}
		for _, part := range parts(f.New) {
			for _, doc := range changed[f.Name] {
				if at := doc.Extent().Start.Byte; part[0] <= at && at < part[1] {
					add(f.New[part[0]:part[1]])
					break
				}
			}
		}
	}
	return out.Bytes()
}

// parts cuts a file into its documents, the separators left out.
func parts(text []byte) [][2]int {
	var out [][2]int
	start, at := 0, 0
	for line := range bytes.Lines(text) {
		next := at + len(line)
		if rest, ok := bytes.CutPrefix(line, []byte("---")); ok && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n")) {
			out, start = append(out, [2]int{start, at}), next
		}
		at = next
	}
	return append(out, [2]int{start, len(text)})
}
