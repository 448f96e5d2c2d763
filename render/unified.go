package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Unified writes how a file changes, as `patch -p1` and `git apply` take it. Old is
// nil for a new file. Lines of a Secret are never shown: context ends before them,
// and a file whose Secrets change is named only.
func Unified(w io.Writer, name string, old, new []byte, o Options) error {
	a, b := splitLines(old), splitLines(new)
	hide := secretLines(a)
	s := o.style()
	var out strings.Builder
	name = strings.TrimPrefix(name, "/")
	from := "a/" + name
	if old == nil {
		from = "/dev/null"
	}
	out.WriteString(s.bold(plain("--- "+from)) + "\n" + s.bold(plain("+++ b/"+name)) + "\n")
	ops := diffLines(a, b)
	for _, h := range hunks(ops, hide) {
		if h.private {
			out.WriteString("(not shown: it may hold the data of a Secret)\n")
			continue
		}
		out.WriteString(s.dim(h.header()) + "\n")
		for _, op := range h.ops {
			line := op.text
			if o.Terminal {
				line = plain(strings.TrimRight(line, "\r\n")) + "\n"
			}
			end := ""
			if !strings.HasSuffix(op.text, "\n") {
				end = "\n\\ No newline at end of file\n"
				line = strings.TrimSuffix(line, "\n")
			}
			out.WriteString(s.change(op.kind, string(op.kind)+strings.TrimSuffix(line, "\n")))
			if end == "" {
				end = "\n"
			}
			out.WriteString(end)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// splitLines cuts a text into its lines, each with its line break.
func splitLines(text []byte) []string {
	var out []string
	for line := range bytes.Lines(text) {
		out = append(out, string(line))
	}
	return out
}

// secretLines says which lines stand in a document that is a Secret with data.
func secretLines(lines []string) []bool {
	out := make([]bool, len(lines))
	for i := 0; i < len(lines); {
		end := i + 1
		for end < len(lines) && !strings.HasPrefix(lines[end], "---") {
			end++
		}
		kind, data := false, false
		for _, line := range lines[i:end] {
			kind = kind || secretKind.MatchString(line)
			data = data || secretData.MatchString(line)
		}
		for ; i < end; i++ {
			out[i] = kind && data
		}
	}
	return out
}

// lineOp is a line that stays (' '), goes ('-') or comes ('+'); a is its place in
// the old text.
type lineOp struct {
	kind byte
	text string
	a    int
}

// hunk is a run of changes with their context. Line numbers count from 0.
type hunk struct {
	a, b    int
	ops     []lineOp
	private bool
}

func (h *hunk) header() string {
	olds, news := 0, 0
	for _, op := range h.ops {
		if op.kind != '+' {
			olds++
		}
		if op.kind != '-' {
			news++
		}
	}
	return fmt.Sprintf("@@ -%s +%s @@", lineSpan(h.a, olds), lineSpan(h.b, news))
}

// lineSpan writes where n lines stand; those that are not there stand behind the
// line before.
func lineSpan(start, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", start)
	case 1:
		return fmt.Sprint(start + 1)
	}
	return fmt.Sprintf("%d,%d", start+1, n)
}

// contextLines is how many lines are shown around a change.
const contextLines = 3

// hunks groups changes that are near each other.
func hunks(ops []lineOp, hide []bool) []*hunk {
	keep := make([]bool, len(ops))
	for i, op := range ops {
		if op.kind == ' ' {
			continue
		}
		keep[i] = true
		for _, step := range []int{-1, 1} {
			for j, n := i+step, 0; j >= 0 && j < len(ops) && n < contextLines; j, n = j+step, n+1 {
				if ops[j].kind != '+' && hide[ops[j].a] {
					break
				}
				keep[j] = true
			}
		}
	}
	var out []*hunk
	var h *hunk
	a, b := 0, 0
	for i, op := range ops {
		if !keep[i] {
			h = nil
		} else {
			if h == nil {
				h = &hunk{a: a, b: b}
				out = append(out, h)
			}
			h.ops = append(h.ops, op)
			h.private = h.private || op.kind == '-' && hide[op.a]
		}
		if op.kind != '+' {
			a++
		}
		if op.kind != '-' {
			b++
		}
	}
	return out
}

// maxDiffSteps bounds the search for a shortest difference; beyond it the rest of
// the text is replaced as a whole, which is as true.
const maxDiffSteps = 2000

// diffLines finds a short difference (E. Myers, An O(ND) Difference Algorithm and
// Its Variations, 1986).
func diffLines(a, b []string) []lineOp {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []lineOp
	for i := range head {
		out = append(out, lineOp{' ', a[i], i})
	}
	for _, op := range shortest(a[head:len(a)-tail], b[head:len(b)-tail]) {
		op.a += head
		out = append(out, op)
	}
	for i := len(a) - tail; i < len(a); i++ {
		out = append(out, lineOp{' ', a[i], i})
	}
	return out
}

// shortest is the search itself: furthest[k] is how far the diagonal k reaches
// with d changes.
func shortest(a, b []string) []lineOp {
	n, m := len(a), len(b)
	size := n + m + 1
	furthest := make([]int, 2*size+1)
	var trail [][]int
	for d := 0; d <= min(n+m, maxDiffSteps); d++ {
		trail = append(trail, slices.Clone(furthest[size-d-1:size+d+2]))
		for k := -d; k <= d; k += 2 {
			x := furthest[size+k-1] + 1
			if k == -d || k != d && furthest[size+k-1] < furthest[size+k+1] {
				x = furthest[size+k+1]
			}
			for x < n && x-k < m && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			furthest[size+k] = x
			if x >= n && x-k >= m {
				return retrace(a, b, trail)
			}
		}
	}
	var out []lineOp
	for i, line := range a {
		out = append(out, lineOp{'-', line, i})
	}
	for _, line := range b {
		out = append(out, lineOp{'+', line, n})
	}
	return out
}

// retrace walks the search back from its end. Each element of trail is the part of
// furthest around its middle before that step.
func retrace(a, b []string, trail [][]int) []lineOp {
	var out []lineOp
	x, y := len(a), len(b)
	for d := len(trail) - 1; d >= 0; d-- {
		at := func(k int) int { return trail[d][k+d+1] }
		k := x - y
		before := k - 1
		if k == -d || k != d && at(k-1) < at(k+1) {
			before = k + 1
		}
		px := at(before)
		py := px - before
		if d == 0 {
			px, py = 0, 0
		}
		for x > px && y > py {
			x, y = x-1, y-1
			out = append(out, lineOp{' ', a[x], x})
		}
		if d == 0 {
			break
		}
		if x > px {
			x--
			out = append(out, lineOp{'-', a[x], x})
		} else if y > py {
			y--
			out = append(out, lineOp{'+', b[y], x})
		}
	}
	slices.Reverse(out)
	return out
}
