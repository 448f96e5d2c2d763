package render

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// tabStop is how far apart tab stops are drawn; YAML indents with spaces, so tabs
// stand where they are a mistake, or in comments and block scalars.
const tabStop = 4

// sources gives out lines of the files that were read.
type sources struct {
	files map[string]*manifest.File
	texts map[string]*text // of the files asked for
	again int              // how many of them were read again
}

// text is the text of a file and the offsets of its line starts.
type text struct {
	data   []byte
	starts []int
}

// maxAgain is how many files that had to be read again are kept: findings come
// file by file.
const maxAgain = 16

func newSources(set *manifest.Set) *sources {
	s := &sources{files: make(map[string]*manifest.File, len(set.Files)), texts: map[string]*text{}}
	for _, f := range set.Files {
		s.files[f.Name] = f
	}
	return s
}

// text returns the text of a file.
func (s *sources) text(f *manifest.File) *text {
	if t, ok := s.texts[f.Name]; ok {
		return t
	}
	t := &text{data: f.Data, starts: []int{0}}
	if f.Data == nil {
		t.data = f.Text()
		if s.again++; s.again > maxAgain {
			clear(s.texts)
			s.again = 1
		}
	}
	for at := 0; ; {
		i := bytes.IndexByte(t.data[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		t.starts = append(t.starts, at)
	}
	s.texts[f.Name] = t
	return t
}

// line returns a line without its end (LF or CRLF), counted from 1.
func (s *sources) line(file string, n int) (string, bool) {
	f := s.files[file]
	if f == nil || n < 1 {
		return "", false
	}
	t := s.text(f)
	if n > len(t.starts) {
		return "", false
	}
	end := len(t.data)
	if n < len(t.starts) {
		end = t.starts[n] - 1
	}
	return strings.TrimSuffix(string(t.data[t.starts[n-1]:end]), "\r"), true
}

// What a Secret says of itself and of its data, in YAML and in JSON. Other kinds
// name Secrets too (certificateRefs, grants) but hold no data; none but a Secret,
// its kind misspelt perhaps, has stringData.
var (
	secretKind = regexp.MustCompile(`\bkind["']?\s*:\s*["']?Secret\b|\bstringData["']?\s*:`)
	secretData = regexp.MustCompile(`\b(data|stringData)["']?\s*:`)
)

// private reports whether the line of a finding may hold data of a Secret, which
// no output shows. A finding without an object (a document that could not be
// read) is judged by the text of its document, from one "---" to the next; one
// with an object by its own line, since a line of JSON can hold other objects.
func (s *sources) private(d *diag.Diagnostic) bool {
	file, at := d.Range.File, d.Range.Start.Line
	kind, data := false, false
	look := func(n int) bool {
		text, ok := s.line(file, n)
		kind = kind || secretKind.MatchString(text)
		data = data || secretData.MatchString(text)
		return ok && !strings.HasPrefix(text, "---")
	}
	look(at)
	if d.Object.Kind == "" {
		for _, step := range []int{-1, 1} {
			n := at + step
			for look(n) {
				n += step
			}
		}
	}
	return d.Object.Kind == "Secret" || kind && data
}

// cell is one character as it is drawn.
type cell struct {
	text  string
	width int
	at    int // byte offset in the line
}

// cells lays out a line: tabs become spaces up to the next stop, what could steer
// a terminal becomes a replacement character, a byte order mark nothing.
func cells(line string) []cell {
	var out []cell
	column := 0
	for at, r := range line {
		c := cell{text: string(r), at: at}
		switch r {
		case '\t':
			c.text = strings.Repeat(" ", tabStop-column%tabStop)
		case '\ufeff':
			c.text = ""
		default:
			c.text = plain(c.text)
		}
		c.width = columns(c.text)
		column += c.width
		out = append(out, c)
	}
	return out
}

// snippet is a drawn source line: the text, and the columns the carets cover.
type snippet struct {
	text        string
	from, width int
}

// draw lays out the part of a line that the columns of r mark (a range that ends
// on a later line is marked to the end of this one), clipped to room columns
// around the mark.
func draw(line string, r diag.Range, room int) snippet {
	first := min(max(r.Start.Column-1, 0), len(line))
	last := len(strings.TrimRight(line, " \t"))
	if r.End.Line == r.Start.Line && r.End.Column > r.Start.Column {
		last = min(r.End.Column-1, len(line))
	}
	all := cells(line)
	total, from, to := 0, -1, 0
	for _, c := range all {
		if c.at >= first && from < 0 {
			from = total
		}
		total += c.width
		if c.at < last {
			to = total
		}
	}
	if from < 0 {
		from = total // past the end of the line, as for a missing value
	}
	s := snippet{from: from, width: max(1, to-from)}
	left, right := window(total, s.from, s.width, room)
	s.text = cut(all, left, right, total)
	s.from -= left
	s.width = max(1, min(s.width, right-left-s.from))
	return s
}

// window chooses the columns of a line that are shown: all of them when there is
// room, else a stretch that begins a third of the room before the mark.
func window(total, from, width, room int) (left, right int) {
	if max(total, from+width) <= room {
		return 0, max(total, from+width)
	}
	left = max(0, from-room/3)
	if width <= room {
		left = max(left, from+width-room) // the whole mark, when it fits
	}
	if left+room > total {
		left = max(0, total-room)
		left = min(left, from)
	}
	return left, left + room
}

// cut returns the columns from left to right of a line, with an ellipsis in
// place of the outermost column on each side that something is missing from.
func cut(all []cell, left, right, total int) string {
	var b strings.Builder
	column := 0
	for _, c := range all {
		start, end := column, column+c.width
		column = end
		switch {
		case end <= left && left > 0, start >= right:
		case start < left, left > 0 && start == left && c.width > 0:
			b.WriteString("…" + strings.Repeat(" ", end-max(start, left)-1))
		case end > right, right < total && end == right && c.width > 0:
			b.WriteString("…")
		default:
			b.WriteString(c.text)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// validText replaces bytes that are not UTF-8, which a JSON encoder would too.
func validText(text string) string {
	return strings.ToValidUTF8(text, string(utf8.RuneError))
}
