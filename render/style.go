package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// style paints text, or leaves it alone when there is no colour.
type style struct{ on bool }

func (o Options) style() style { return style{o.Color} }

// paint asks for colour explicitly: the library's own guess looks at the standard
// output of the process, which need not be where the text goes.
func (s style) paint(text string, attributes ...color.Attribute) string {
	if !s.on || text == "" {
		return text
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(text)
}

func (s style) bold(text string) string  { return s.paint(text, color.Bold) }
func (s style) dim(text string) string   { return s.paint(text, color.Faint) }
func (s style) good(text string) string  { return s.paint(text, color.FgGreen) }
func (s style) bad(text string) string   { return s.paint(text, color.FgRed) }
func (s style) doubt(text string) string { return s.paint(text, color.FgYellow) }
func (s style) label(text string) string { return s.paint(text, color.FgCyan) }

// change paints a line of a difference by its first character.
func (s style) change(kind byte, text string) string {
	switch kind {
	case '-':
		return s.bad(text)
	case '+':
		return s.good(text)
	}
	return text
}

// severity paints text in the colour of a severity.
func (s style) severity(level diag.Severity, text string) string {
	switch level {
	case diag.Error:
		return s.paint(text, color.FgRed, color.Bold)
	case diag.Warning:
		return s.paint(text, color.FgYellow, color.Bold)
	}
	return s.paint(text, color.FgBlue, color.Bold)
}

// columns returns how many terminal cells text takes. Characters whose width
// depends on the reader's fonts count as one, whatever the locale, so that output
// is the same everywhere.
func columns(text string) int {
	return twwidth.WidthWithOptions(text, twwidth.Options{EastAsianWidth: false})
}

// pad fills text up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// plain makes foreign text safe to print on one line of a terminal: a manifest
// must not be able to move the cursor or change colours.
func plain(text string) string {
	safe := func(r rune) bool { return r != utf8.RuneError && (unicode.IsPrint(r) || r == ' ') }
	if strings.IndexFunc(text, func(r rune) bool { return !safe(r) }) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case safe(r):
			return r
		case r == '\n', r == '\t', r == '\r':
			return ' '
		}
		return utf8.RuneError
	}, text)
}

// wrap breaks text at spaces into lines of at most width columns. A longer word
// stands alone: paths and names must stay in one piece to be copied.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
