package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
	kjson "sigs.k8s.io/json"
)

// readProblem explains why a document cannot be read. The parser of YAML names a
// line at best, often the one after the mistake; the place is therefore searched
// by asking where the text stops being readable.
func (s *source) readProblem(r *reader, text []byte, err error) diag.Diagnostic {
	words := strings.TrimPrefix(err.Error(), "yaml: ")
	switch {
	case errors.Is(err, errAliases) || strings.Contains(words, "excessive aliasing"):
		return s.problem(ruleAliasBomb, s.begin(), "the aliases of the document expand to more than a reader accepts",
			"write out what the anchors stand for, or split the document")
	case strings.Contains(words, "exceeded max depth"):
		return s.problem(ruleTooDeep, s.begin(), fmt.Sprintf("the document nests deeper than %d levels", MaxDepth), "")
	}
	if s.json || s.braces {
		if p, ok := s.jsonProblem(r); ok {
			return p
		}
	}
	if at := controlCharacter(text); at >= 0 {
		c, size := utf8.DecodeRune(text[at:])
		p := s.problem(ruleSyntax, s.file.span(s.start+at, s.start+at+size),
			fmt.Sprintf("control character %U cannot stand in YAML", c), "write it as an escape in double quotes, or remove it")
		p.Admission = kubectlWords(words)
		return p
	}
	start, end := firstBadLine(text, words, func(prefix []byte) bool {
		_, err := r.yamlValue(prefix)
		return err == nil
	})
	e := explain(words, text, start, end)
	p := s.problem(ruleSyntax, s.file.span(s.start+e.start, s.start+e.end), e.message, e.hint)
	p.Object = guessRef(text)
	if p.Object.Kind == "Secret" && strings.HasPrefix(words, "unknown anchor") {
		p.Message, p.Hint = "alias without an anchor before it in this document", "quote it if it is meant as text"
		return p // the name may be a password
	}
	p.Admission = kubectlWords(words)
	return p
}

var (
	kindLine       = regexp.MustCompile(`(?m)^["']?kind["']?:[ \t]*["']?([A-Za-z]+)["']?[ \t\r]*$`)
	apiVersionLine = regexp.MustCompile(`(?m)^["']?apiVersion["']?:[ \t]*["']?([A-Za-z0-9./-]+)["']?[ \t\r]*$`)
)

// guessRef says what object a text is that cannot be read, so that whoever shows
// its lines knows a Secret.
func guessRef(text []byte) diag.Ref {
	var ref diag.Ref
	if m := kindLine.FindSubmatch(text); m != nil {
		ref.Kind = string(m[1])
	}
	if m := apiVersionLine.FindSubmatch(text); m != nil {
		ref.APIVersion = string(m[1])
	}
	return ref
}

// kubectlWords is what kubectl prints for the error. Errors that quote values
// are left out: they may be those of a Secret.
func kubectlWords(words string) string {
	if strings.Contains(words, "map key") {
		return ""
	}
	return "error converting YAML to JSON: yaml: " + words
}

// jsonProblem explains a mistake in JSON. It reports false when the text is JSON.
func (s *source) jsonProblem(r *reader) (diag.Diagnostic, bool) {
	text := s.file.Data[s.start:s.end]
	_, err := r.jsonValue(text)
	if err == nil {
		return diag.Diagnostic{}, false
	}
	at := max(len(bytes.TrimRight(text, " \t\r\n"))-1, 0)
	if ok, offset := kjson.SyntaxErrorOffset(err); ok {
		at = min(at, max(int(offset)-1, 0))
	}
	p := s.problem(ruleSyntax, s.file.span(s.start+at, min(s.start+at+1, s.end)),
		"not valid JSON: "+strings.TrimPrefix(err.Error(), "json: "), "")
	p.Admission = err.Error()
	if bytes.Contains(text, []byte("{{")) {
		p.Hint = helmHint
	}
	return p, true
}

// controlCharacter returns the offset of the first character that YAML does not
// allow at all, or -1.
func controlCharacter(text []byte) int {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case c == '\t', c == '\n', c == '\r', c >= ' ' && c <= '~', c == 0x85, c >= 0xa0 && c <= 0xfffd, c >= 0x10000:
			i += size
		default:
			return i
		}
	}
	return -1
}

var lineOfError = regexp.MustCompile(`^line (\d+): `)

// searchBytes is up to which size the line of a mistake is searched for.
const searchBytes = 256 << 10

// firstBadLine returns the extent of the first line with which the text is no
// longer readable: the one after the longest run of lines that is. In a large
// document it is the line that the parser names.
func firstBadLine(text []byte, words string, readable func(prefix []byte) bool) (start, end int) {
	ends := []int{0}
	for i := 0; i < len(text); {
		i = min(lineEnd(text, i)+1, len(text))
		ends = append(ends, i)
	}
	good, bad := 0, len(ends)-1
	if len(text) > searchBytes {
		if m := lineOfError.FindStringSubmatch(words); m != nil {
			n, _ := strconv.Atoi(m[1]) // digits that do not fit leave 0
			bad = min(max(n, 1), bad)
		}
		good = max(bad-1, 0)
	}
	for bad-good > 1 {
		step := max((bad-good)/16, 1)
		from := good
		for k := good + (bad-good-1)/step*step; k > from; k -= step {
			if readable(text[:ends[k]]) {
				good = k
				break
			}
		}
		bad = min(good+step, bad)
	}
	if bad == 0 {
		return 0, 0
	}
	return ends[good], ends[bad]
}

// explained is a mistake in the words of this package, and where it stands in
// the text.
type explained struct {
	start, end    int
	message, hint string
}

const helmHint = "is this a Helm template? render it first: helm template CHART | grpcroute lint -"

// explain says what is wrong in a line.
func explain(words string, text []byte, start, end int) explained {
	line := text[start:end]
	indent := len(line) - len(bytes.TrimLeft(line, " \t"))
	e := explained{start: start + indent, end: start + len(bytes.TrimRight(line, " \t\r\n"))}
	e.end = max(e.start, e.end)
	words = lineOfError.ReplaceAllString(words, "")
	at := func(offset, width int) { e.start, e.end = start+offset, start+offset+width }
	template := bytes.Contains(text, []byte("{{"))
	tab := bytes.IndexByte(line[:indent], '\t')
	switch {
	case tab >= 0:
		at(tab, 1)
		e.message, e.hint = "tab used for indentation: YAML takes only spaces", "replace it by spaces"
	case template:
		if i := bytes.Index(line, []byte("{{")); i >= 0 {
			at(i, len(bytes.TrimRight(line[i:], " \t\r\n")))
		}
		e.message, e.hint = "not valid YAML: "+words, helmHint
		if strings.Contains(words, "map key") {
			e.message = "not valid YAML: \"{{\" begins a mapping in a mapping"
		}
	case strings.Contains(words, "map key"):
		e.message = "a mapping, a list or null cannot be a key"
		e.hint = "quote it if it is meant as text"
	case strings.Contains(words, "mapping values are not allowed"):
		if i := secondColon(line); i >= 0 {
			at(i, 1)
		}
		e.message = "a second \":\" in one line, or a line that is indented too far"
		e.hint = "quote a value that holds \": \", or check the indentation"
	default:
		e.other(words, line, at)
	}
	return e
}

// other explains what needs no look at the rest of the text.
func (e *explained) other(words string, line []byte, at func(offset, width int)) {
	switch {
	case strings.Contains(words, "cannot start any token"):
		if i := bytes.IndexAny(line, "@`%"); i >= 0 {
			at(i, 1)
			e.message = fmt.Sprintf("%q cannot start a value", line[i])
			e.hint = "quote the value"
			return
		}
		if i := bytes.IndexByte(line, '\t'); i >= 0 {
			at(i, 1)
			e.message, e.hint = "tab where YAML takes only spaces", "replace it by a space"
			return
		}
	case strings.HasPrefix(words, "unknown anchor"):
		name := strings.TrimSuffix(strings.TrimPrefix(words, "unknown anchor '"), "' referenced")
		if i := bytes.Index(line, []byte("*"+name)); i >= 0 {
			at(i, len(name)+1)
		}
		e.message = fmt.Sprintf("alias %q has no anchor before it in this document", "*"+name)
		e.hint = fmt.Sprintf("anchors do not reach over \"---\"; quote it if it is meant as text: '*%s'", name)
		return
	case strings.Contains(words, "quoted scalar"), strings.Contains(words, "unexpected end of stream"):
		e.message, e.hint = "a quote is opened here and not closed", "close it on the same line"
		return
	case strings.Contains(words, "did not find expected key"):
		e.message = "a key was expected here"
		e.hint = "check the indentation of this line, and for text after a closing quote"
		return
	case strings.Contains(words, "could not find expected ':'"):
		e.message = "a key without \":\""
		e.hint = "write \"key: value\", with a blank after the colon"
		return
	case strings.Contains(words, "unsupported value"):
		e.message = "JSON, and so Kubernetes, knows neither infinity nor NaN"
		e.hint = "quote it if it is meant as text"
		return
	case strings.Contains(words, "<document start>"):
		e.message = "directives, as %YAML, are not read by Kubernetes"
		e.hint = "remove the line"
		return
	}
	e.message = "not valid YAML: " + words
}

// secondColon returns the offset of the second ": " of a line, or -1.
func secondColon(line []byte) int {
	first := bytes.Index(line, []byte(": "))
	if first < 0 {
		return -1
	}
	for i := first + 2; i < len(line); i++ {
		if line[i] == ':' && (i+1 == len(line) || strings.IndexByte(" \r\n\t", line[i+1]) >= 0) {
			return i
		}
	}
	return -1
}
