package nginx

import (
	"fmt"
	"strings"
)

// maxToken is the longest word that nginx reads (NGX_CONF_BUFFER).
const maxToken = 4000

// quoted writes a word as it is, between quotation marks; variables in it are
// those of nginx.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// value writes a text that is not ours as a word in which no variable begins.
func (w *writer) value(text string) string {
	if strings.Contains(text, "$") {
		w.dollar = true
	}
	return strings.ReplaceAll(quoted(text), "$", "${dollar}")
}

// expression writes the key of a map that is a regular expression. Its backslashes
// stand before letters and dots, which they leave alone.
func expression(text string) string { return `"~^` + text + `"` }

// begin begins a map from a text of variables to a variable.
func (w *writer) begin(from, to string) {
	w.variables++
	w.line(1, "map %s $%s {", from, to)
}

// end ends a map that has some keys.
func (w *writer) end(keys int) {
	w.keys = max(w.keys, keys)
	w.line(1, "}\n")
}

// entry writes a key, as it stands in the map, with its value.
func (w *writer) entry(key, value string) {
	w.longest = max(w.longest, len(key))
	w.line(2, "%s %s;", key, value)
}

// hostKey writes a hostname as a key of a map with hostnames, "" for none.
func hostKey(name string, oneLabel bool) string {
	switch rest, wild := strings.CutPrefix(name, "*."); {
	case name == "":
		return "default"
	case wild && oneLabel:
		return fmt.Sprintf(`"~*^[^.]+\.%s$"`, strings.ReplaceAll(rest, ".", `\.`))
	case name == "default" || name == "hostnames" || name == "include" || name == "volatile":
		return `\` + name
	}
	return name
}

// variableName is the name that a header has in a variable.
func variableName(header string) string { return strings.ReplaceAll(header, "-", "_") }
