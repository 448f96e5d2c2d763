package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// gap is the space between two columns of a table.
const gap = 2

// leastFlex is the narrowest that a column of prose is worth reading in.
const leastFlex = 24

// table is rows under a header. Where it is wider than the output its rows are
// written one below the other, so that nothing is cut or broken inside a name.
type table struct {
	header []string
	rows   [][]string
	// prose: the last column is text that may be wrapped before that happens.
	prose bool
	// paint colours a cell of a row, by column; nil leaves all plain.
	paint func(row, column int, text string) string
}

// write lays the table out. lead is written before each line.
func (t *table) write(w io.Writer, o Options, lead string) error {
	header, rows, err := t.layout(o, lead)
	if err != nil || len(rows) == 0 {
		return err
	}
	_, err = io.WriteString(w, header+strings.Join(rows, ""))
	return err
}

// layout returns the header, empty where rows are written as blocks, and the
// lines of each row.
func (t *table) layout(o Options, lead string) (header string, rows []string, err error) {
	if len(t.rows) == 0 {
		return "", nil, nil
	}
	room := o.width() - columns(lead) - t.natural(len(t.header))
	if room < 0 && t.prose {
		room = t.reflow(o.width() - columns(lead) - t.natural(len(t.header)-1) - gap)
	}
	if room < 0 {
		return "", t.stacked(o, lead), nil
	}
	return t.tabular(o, lead)
}

// reflow wraps the last column to a width. It returns -1 when that is too narrow.
func (t *table) reflow(width int) int {
	if width < leastFlex {
		return -1
	}
	rows := make([][]string, len(t.rows))
	for i, row := range t.rows {
		last := len(row) - 1
		rows[i] = append(slices.Clone(row[:last]), strings.Join(wrap(row[last], width), "\n"))
	}
	t.rows = rows
	return 0
}

func (t *table) tabular(o Options, lead string) (header string, rows []string, err error) {
	var b strings.Builder
	out := newWriter(&b)
	style := o.style()
	names := make([]string, len(t.header))
	for i, text := range t.header {
		names[i] = style.bold(strings.ToUpper(text))
	}
	out.Header(names)
	for i := range t.rows {
		if err := out.Append(t.painted(i)); err != nil {
			return "", nil, fmt.Errorf("lay out a table: %w", err)
		}
	}
	if err := out.Render(); err != nil {
		return "", nil, fmt.Errorf("lay out a table: %w", err)
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, lead+strings.TrimRight(line, " \n")+"\n")
	}
	header, lines = lines[0], lines[1:]
	for _, row := range t.rows {
		n := 1 + strings.Count(row[len(row)-1], "\n") // reflow broke it
		rows = append(rows, strings.Join(lines[:n], ""))
		lines = lines[n:]
	}
	return header, rows, nil
}

// newWriter sets the library up for bare columns: no lines, no borders, text as
// it is.
func newWriter(w io.Writer) *tablewriter.Table {
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
	}
	return tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell}),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}),
	)
}

// natural is how many columns the first n columns of the table need.
func (t *table) natural(n int) int {
	total := -gap
	for i := range n {
		most := columns(t.header[i])
		for _, row := range t.rows {
			most = max(most, columns(row[i]))
		}
		total += most + gap
	}
	return total
}

func (t *table) painted(row int) []string {
	out := make([]string, len(t.rows[row]))
	for i, text := range t.rows[row] {
		out[i] = t.cell(row, i, text)
	}
	return out
}

// stacked writes each row as a block: its first cell, then a line for each other.
func (t *table) stacked(o Options, lead string) []string {
	style := o.style()
	label := 0
	for _, name := range t.header[1:] {
		label = max(label, columns(name))
	}
	rows := make([]string, len(t.rows))
	for i := range t.rows {
		var b strings.Builder
		fmt.Fprintf(&b, "%s%s\n", lead, t.cell(i, 0, t.rows[i][0]))
		for j := 1; j < len(t.rows[i]); j++ {
			name := t.header[j]
			for _, line := range wrap(t.rows[i][j], o.width()-columns(lead)-label-4) {
				fmt.Fprintf(&b, "%s  %s  %s\n", lead, style.label(pad(name, label)), t.cell(i, j, line))
				name = ""
			}
		}
		rows[i] = b.String()
	}
	return rows
}

// cell paints a text of a cell.
func (t *table) cell(row, column int, text string) string {
	if t.paint == nil {
		return text
	}
	return t.paint(row, column, text)
}
