package render

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/simulate"
)

// A comment on GitHub holds 65,536 characters.
const (
	markdownMost = 65_000
	noteRoom     = 400 // kept free for saying what was cut
	cellMost     = 240 // bytes of a text in the table
	detailMost   = 4_000
)

// DiffMarkdown writes comparisons as a comment on a pull request: a summary line,
// a table, and the details of each region folded. It is cut to what a comment
// may hold, and says so.
func DiffMarkdown(w io.Writer, ds []*simulate.Diff) error {
	var b strings.Builder
	for i, d := range ds {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(diffComment(d, markdownMost/len(ds)-1))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// diffComment writes one comparison in at most so many bytes.
func diffComment(d *simulate.Diff, most int) string {
	c := comment{most: most}
	c.add(fmt.Sprintf("**grpcroute diff** %s to %s: %s\n", code(d.Old.Label, cellMost), code(d.New.Label, cellMost), diffVerdict(d)), 0)
	rows := 0
	if len(d.Regions) > 0 {
		c.add("\n| change | calls | from | to |\n|---|---|---|---|\n", 0)
		for rows < len(d.Regions) && c.add(diffRow(d, &d.Regions[rows]), most/2) {
			rows++
		}
	}
	cut := c.list("not decided", d.Unknown)
	details := 0
	for details < len(d.Regions) && c.add(diffDetails(d, &d.Regions[details]), noteRoom) {
		details++
	}
	cut += c.list("notes", d.Notes)
	var left []string
	if n := len(d.Regions); rows < n {
		left = append(left, fmt.Sprintf("%d of %d rows of the table", n-rows, n))
	}
	if n := len(d.Regions); details < n {
		left = append(left, fmt.Sprintf("the details of %d of %d regions", n-details, n))
	}
	if cut > 0 {
		left = append(left, fmt.Sprintf("%d further lines", cut))
	}
	if len(left) > 0 {
		c.add(fmt.Sprintf("\nLeft out, for the length that a comment may have: %s. `-o text` and `-o json` show all.\n", strings.Join(left, ", ")), 0)
	}
	return c.String()
}

// comment is text with a limit.
type comment struct {
	strings.Builder
	most int
}

// add appends text if it fits and leaves so many bytes free.
func (c *comment) add(text string, free int) bool {
	if c.Len()+len(text)+free > c.most {
		return false
	}
	c.WriteString(text)
	return true
}

// list appends a titled list and returns how many items did not fit.
func (c *comment) list(title string, texts []string) (cut int) {
	if len(texts) == 0 {
		return 0
	}
	if !c.add("\n"+title+":\n\n", noteRoom) {
		return len(texts)
	}
	for _, text := range texts {
		if !c.add("- "+code(text, detailMost)+"\n", noteRoom) {
			cut++
		}
	}
	return cut
}

// diffRow is a region as a row of the table.
func diffRow(d *simulate.Diff, r *simulate.DiffRegion) string {
	old, now := diffActionOf(r.Old), diffActionOf(r.New)
	calls := code(regionText(r), cellMost)
	if d.Traffic {
		calls += fmt.Sprintf(" (%s)", count(r.Calls, "call"))
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", r.Change, calls, actionCell(&old), actionCell(&now))
}

func actionCell(a *diffAction) string {
	var out []string
	if at := a.place(); at != "" {
		out = append(out, code(at, cellMost))
	}
	for _, line := range a.ends() {
		out = append(out, code(line, cellMost))
	}
	const most = 6
	if n := len(out); n > most {
		out = append(out[:most-1], fmt.Sprintf("and %d more", n-most+1))
	}
	return strings.Join(out, "<br>")
}

// diffDetails is a region, folded: HTML up to the blank line, then Markdown.
func diffDetails(d *simulate.Diff, r *simulate.DiffRegion) string {
	var b strings.Builder
	text := regionText(r)
	fmt.Fprintf(&b, "\n<details><summary>%s: <code>%s</code></summary>\n\n", r.Change, html.EscapeString(clip(plain(text), cellMost)))
	fmt.Fprintf(&b, "%s\n\n", changeMeanings[r.Change])
	if columns(text) > cellMost {
		fmt.Fprintf(&b, "- calls %s\n", code(text, detailMost))
	}
	fmt.Fprintf(&b, "- through %s\n", code(strings.Join(r.Gateways, ", "), detailMost))
	old, now := diffActionOf(r.Old), diffActionOf(r.New)
	for _, side := range []struct {
		name   string
		action *diffAction
	}{{"from", &old}, {"to", &now}} {
		rule := "no rule"
		if text := side.action.ruleOf(); text != "" {
			rule = code(text, detailMost) + " at " + code(side.action.place(), detailMost)
		}
		fmt.Fprintf(&b, "- %s %s\n", side.name, rule)
		for _, line := range side.action.ends() {
			fmt.Fprintf(&b, "  - %s\n", code(line, detailMost))
		}
	}
	if r.Certainty == diag.Unknown {
		fmt.Fprintf(&b, "- unknown: %s\n", code(r.Why, detailMost))
	}
	if command := plain(explainCommand(d, r)); command != "" && len(command) <= detailMost {
		fence := fenceFor(command, 3)
		fmt.Fprintf(&b, "\n%ssh\n%s\n%s\n", fence, command, fence)
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// code writes foreign text so that nothing in it is markup, a link or a mention,
// in a table or out of it. A pipe would end a cell even inside a code span, so
// text with one goes into an element, character by character.
func code(text string, most int) string {
	text = clip(plain(text), most)
	if strings.TrimSpace(text) == "" {
		return "<code></code>"
	}
	if !strings.Contains(text, "|") {
		fence := fenceFor(text, 1)
		if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || text[0] == ' ' && text[len(text)-1] == ' ' {
			text = " " + text + " "
		}
		return fence + text + fence
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < 0x80 && r > ' ' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z'):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return "<code>" + b.String() + "</code>"
}

// fenceFor returns at least n backticks, more than stand together in a text.
func fenceFor(text string, n int) string {
	fence := strings.Repeat("`", n)
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}

// clip shortens text to so many bytes.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
