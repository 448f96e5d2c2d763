package manifest

import (
	"sync"

	"github.com/grpcroute/grpcroute/diag"
)

// source is the text of one document. It is what its positions are found in,
// when somebody asks.
type source struct {
	file *File
	chunk
	mu   sync.Mutex
	done bool  // whether tree was built
	tree *tree // nil when the text has no positions, as for a broken document

	value map[string]any // read again, see [Document.Object]
}

// positions returns the tree of the document. Building it is a second parse, so
// it is kept: two kilobytes for a route of 25 lines.
func (s *source) positions() *tree {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done {
		s.done = true
		if s.json {
			s.tree = jsonTree(s.file.Data[:s.end], s.start)
		} else {
			s.tree = yamlTree(s.text(), s.start)
		}
	}
	return s.tree
}

// text returns the document as the parser gets it. The item of a sequence that
// is read by itself loses its dash; offsets stay what they are.
func (s *source) text() []byte {
	text := s.file.Data[s.start:s.end]
	if !s.item {
		return text
	}
	return withoutDash(nil, text)
}

// withoutDash appends the text with a blank for its leading "-".
func withoutDash(buf, text []byte) []byte {
	buf = append(buf, text...)
	for i := range buf {
		if buf[i] == '-' {
			buf[i] = ' '
			break
		}
	}
	return buf
}

// span returns the range of a node.
func (s *source) span(t *tree, n int32) diag.Range {
	return s.file.span(int(t.nodes[n].start), int(t.nodes[n].end))
}

// begin is where the document's first line with content starts, for want of a
// better position.
func (s *source) begin() diag.Range {
	start := skipSpace(s.file.Data[:s.end], s.start)
	return s.file.span(start, lineTextEnd(s.file.Data, start))
}

// lineTextEnd returns where the text of the line at pos ends, without blanks.
func lineTextEnd(data []byte, pos int) int {
	end := lineEnd(data, pos)
	for end > pos && (data[end-1] == '\r' || data[end-1] == ' ' || data[end-1] == '\t') {
		end--
	}
	return end
}
