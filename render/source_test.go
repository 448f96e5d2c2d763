package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

func cols(line, from, to int) diag.Range {
	return diag.Range{File: "f.yaml", Start: diag.Position{Line: line, Column: from}, End: diag.Position{Line: line, Column: to}}
}

func TestDrawMarksTheExactValue(t *testing.T) {
	long := "a: " + strings.Repeat("x", 60) + "MARK" + strings.Repeat("y", 60)
	multi := cols(1, 4, 2)
	multi.End.Line = 3
	for _, c := range []struct {
		name, line string
		r          diag.Range
		room       int
		text, mark string
	}{
		{"plain", "name: cart", cols(1, 7, 11), 80, "name: cart", "      ^^^^"},
		{"no end marks to the end of the line", "name: cart  ", diag.Range{Start: diag.Position{Line: 1, Column: 7}}, 80, "name: cart", "      ^^^^"},
		{"a range over lines marks the first", "a: |  ", multi, 80, "a: |", "   ^"},
		{"empty range", "name:", cols(1, 6, 6), 80, "name:", "     ^"},
		{"past the end", "name:", cols(1, 9, 9), 80, "name:", "     ^"},
		{"tab before", "\tname: x", cols(1, 8, 9), 80, "    name: x", "          ^"},
		{"tab inside a line", "ab\tc", cols(1, 4, 5), 80, "ab  c", "    ^"},
		{"wide runes before", "値段: x", cols(1, 9, 10), 80, "値段: x", "      ^"},
		{"wide runes marked", "a: 値段", cols(1, 4, 10), 80, "a: 値段", "   ^^^^"},
		{"combining accent", "e\u0301: x", cols(1, 6, 7), 80, "e\u0301: x", "   ^"},
		{"byte order mark", "\ufeffa: b", cols(1, 7, 8), 80, "a: b", "   ^"},
		{"escape sequence", "a: \x1b[31mred", cols(1, 4, 12), 80, "a: \ufffd[31mred", "   ^^^^^^^^"},
		{"not UTF-8", "a: \xff", cols(1, 4, 5), 80, "a: \ufffd", "   ^"},
		{"clipped on both sides", long, cols(1, 64, 68), 20, "…xxxxxMARKyyyyyyyyy…", "      ^^^^"},
		{"clipped on the right", "a: MARK" + strings.Repeat("y", 60), cols(1, 4, 8), 20, "a: MARKyyyyyyyyyyyy…", "   ^^^^"},
		{"clipped on the left", long[:67], cols(1, 64, 68), 20, "…" + strings.Repeat("x", 15) + "MARK", strings.Repeat(" ", 16) + "^^^^"},
		{"mark wider than the room", long, cols(1, 4, 128), 20, "a: " + strings.Repeat("x", 16) + "…", "   " + strings.Repeat("^", 17)},
		{"wide runes clipped", strings.Repeat("値", 30) + "MARK", cols(1, 91, 95), 11, "…値値値MARK", strings.Repeat(" ", 7) + "^^^^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := draw(c.line, c.r, c.room)
			if diff := cmp.Diff(c.text, s.text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.mark, strings.Repeat(" ", s.from)+strings.Repeat("^", s.width)); diff != "" {
				t.Errorf("mark (-want +got):\n%s", diff)
			}
			if w := columns(s.text); w > c.room || s.from+s.width > max(c.room, w+1) {
				t.Errorf("text takes %d columns, mark ends at %d, room %d", w, s.from+s.width, c.room)
			}
		})
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("\tname: 値段 x", 3, 9, 20)
	f.Add("", 1, 1, 30)
	f.Fuzz(func(t *testing.T, line string, from, to, room int) {
		if strings.ContainsAny(line, "\n") || room < 4 || room > 400 {
			t.Skip()
		}
		s := draw(line, cols(1, from, to), room)
		if columns(s.text) > room || s.from < 0 || s.width < 1 || s.from+s.width > room+1 || strings.ContainsRune(s.text, '\x1b') {
			t.Errorf("draw(%q, %d, %d, %d) = %+v, %d columns", line, from, to, room, s, columns(s.text))
		}
	})
}

func TestSourcesLine(t *testing.T) {
	s := newSources(&manifest.Set{Files: []*manifest.File{
		{Name: "crlf.yaml", Data: []byte("a: 1\r\nb: 2\r\n")},
		{Name: "open.yaml", Data: []byte("a: 1\nb: 2")},
	}})
	for _, c := range []struct {
		file string
		n    int
		want string
		ok   bool
	}{
		{"crlf.yaml", 1, "a: 1", true}, {"crlf.yaml", 2, "b: 2", true}, {"crlf.yaml", 3, "", true}, {"crlf.yaml", 4, "", false},
		{"open.yaml", 2, "b: 2", true}, {"open.yaml", 3, "", false}, {"open.yaml", 0, "", false}, {"other.yaml", 1, "", false},
	} {
		if got, ok := s.line(c.file, c.n); got != c.want || ok != c.ok {
			t.Errorf("line(%s, %d) = %q, %v, want %q, %v", c.file, c.n, got, ok, c.want, c.ok)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	const text = "kind: Service\nname: x\n---\nkind: Secret\ndata:\n  key: c2VjcmV0\n---\nkind: Gateway\nref: {kind: Secret}\n" +
		`{"items":[{"kind":"Secret","data":{"key":"c2VjcmV0"}},{"kind":"Service"}]}` + "\n" +
		"---\nkind: Secert\nstringData: {key: c2VjcmV0}\n"
	s := newSources(&manifest.Set{Files: []*manifest.File{{Name: "f.yaml", Data: []byte(text)}}})
	for _, c := range []struct {
		name string
		line int
		kind string
		want bool
	}{
		{"data of a document that could not be read", 6, "", true},
		{"another document of the file", 2, "", false},
		{"an object known to be a Secret", 6, "Secret", true},
		{"an object that names a Secret", 9, "Gateway", false},
		{"data of a Secret whose kind is misspelt", 13, "", true},
		{"a line of JSON with a Secret beside", 10, "Service", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &diag.Diagnostic{Range: cols(c.line, 1, 2), Object: diag.Ref{Kind: c.kind}}
			if got := s.private(d); got != c.want {
				t.Errorf("private = %v, want %v", got, c.want)
			}
		})
	}
}
