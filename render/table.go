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
	if len(t.rows) == 0 {
		return nil
	}
	room := o.width() - columns(lead) - t.natural(len(t.header))
	if room < 0 && t.prose {
		room = t.reflow(o.width() - columns(lead) - t.natural(len(t.header)-1) - gap)
	}
	if room < 0 {
		return t.stacked(w, o, lead)
	}
	return t.tabular(w, o, lead)
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

func (t *table) tabular(w io.Writer, o Options, lead string) error {
	var b strings.Builder
	out := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header: tw.CellConfig{
				Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
				Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
			},
			Row: tw.CellConfig{
				Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
				Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
			},
		}),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}),
	)
	style := o.style()
	header := make([]string, len(t.header))
	for i, text := range t.header {
		header[i] = style.bold(strings.ToUpper(text))
	}
	out.Header(header)
	for i := range t.rows {
		if err := out.Append(t.painted(i)); err != nil {
			return fmt.Errorf("lay out a table: %w", err)
		}
	}
	if err := out.Render(); err != nil {
		return fmt.Errorf("lay out a table: %w", err)
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintf(w, "%s%s\n", lead, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
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
		if out[i] = text; t.paint != nil {
			out[i] = t.paint(row, i, text)
		}
	}
	return out
}

// stacked writes each row as a block: its first cell, then a line for each other.
func (t *table) stacked(w io.Writer, o Options, lead string) error {
	var b strings.Builder
	style := o.style()
	label := 0
	for _, name := range t.header[1:] {
		label = max(label, columns(name))
	}
	for i := range t.rows {
		cells := t.painted(i)
		fmt.Fprintf(&b, "%s%s\n", lead, cells[0])
		for j := 1; j < len(cells); j++ {
			if t.rows[i][j] == "" {
				continue
			}
			for n, line := range wrap(t.rows[i][j], o.width()-columns(lead)-label-4) {
				name := t.header[j]
				if n > 0 {
					name = ""
				}
				if t.paint != nil {
					line = t.paint(i, j, line)
				}
				fmt.Fprintf(&b, "%s  %s  %s\n", lead, style.label(pad(name, label)), line)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
