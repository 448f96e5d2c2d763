// Package render writes results: text with source snippets, tables, JSON and
// YAML. Every machine format is a versioned struct of its own. All colour of the
// tool lives here. What a result means is decided where it is made.
package render

import (
	"encoding/json"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// Width of lines when nothing says how wide the output is, and the least that a
// layout can work with.
const (
	defaultWidth = 100
	leastWidth   = 30
)

// ColorModes lists the values of --color.
func ColorModes() []string { return []string{"auto", "always", "never"} }

// Options say how results are written for people.
type Options struct {
	Color    bool
	Width    int  // columns of a line; 0 means 100
	Terminal bool // a person is likely to be reading
	Verbose  bool
	Quiet    bool
}

// For returns the options that fit an output. Colour goes to terminals only,
// unless mode is "always" or CLICOLOR_FORCE is set; NO_COLOR and TERM=dumb turn
// it off (no-color.org, bixense.com/clicolors). The width is COLUMNS, else the
// terminal's, else 100.
func For(w io.Writer, mode string, env func(string) string) Options {
	fd, terminal := -1, false
	if f, ok := w.(*os.File); ok {
		fd = int(f.Fd())
		terminal = term.IsTerminal(fd)
	}
	o := Options{Terminal: terminal, Color: wantsColor(mode, terminal, env)}
	if n, err := strconv.Atoi(env("COLUMNS")); err == nil && n > 0 {
		o.Width = n
	} else if terminal {
		if n, _, err := term.GetSize(fd); err == nil {
			o.Width = n
		}
	}
	return o
}

func wantsColor(mode string, terminal bool, env func(string) string) bool {
	switch force := env("CLICOLOR_FORCE"); {
	case mode == "always":
		return true
	case mode == "never", env("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return terminal && env("TERM") != "dumb"
}

// width returns the columns of a line.
func (o Options) width() int {
	if o.Width == 0 {
		return defaultWidth
	}
	return max(o.Width, leastWidth)
}

// encode writes a machine format: two spaces of indent, text as it is (no
// escapes for HTML), a newline at the end.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
