package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

// LintText writes the findings of a run for people: a line that editors can
// follow, the source line with the value marked, what to do, and a summary. A
// clean run prints nothing, except a line on a terminal, so that whoever waits
// there knows that it ran.
func LintText(w io.Writer, set *manifest.Set, r *lint.Result, o Options) error {
	p := lintPrinter{Options: o, style: o.style(), sources: newSources(set), profiles: profileNames(r)}
	for i := range r.Diagnostics {
		p.finding(&r.Diagnostics[i])
	}
	if !o.Quiet {
		p.summary(set, r)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

type lintPrinter struct {
	strings.Builder
	Options
	style
	sources  *sources
	profiles []string
}

func (p *lintPrinter) finding(d *diag.Diagnostic) {
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	fmt.Fprintf(p, "%s: %s: %s %s\n", p.bold(plain(d.Range.String())), p.severity(d.Severity, d.Severity.String()), plain(d.Message), p.dim(p.tags(d)))
	indent := p.snippet(d)
	note := func(label, text string) { p.note(indent, label, text) }
	if d.Hint != "" {
		note("hint: ", d.Hint)
	}
	if d.Admission != "" && (p.Verbose || tellsMore(d)) {
		note("API server: ", d.Admission)
	}
	for _, r := range d.Related {
		note("see "+r.Range.String()+": ", r.Message)
	}
	if d.Witness != nil {
		// One line, whatever its length: it is there to be pasted.
		fmt.Fprintf(p, "%s%s%s\n", strings.Repeat(" ", indent), p.label("call: "), plain(callOf(d.Witness)))
	}
}

// tags is what stands in brackets behind the message: the rule, how certain the
// finding is, and, where only some of the implementations asked make it, which.
func (p *lintPrinter) tags(d *diag.Diagnostic) string {
	tags := []string{d.Rule}
	if d.Certainty != diag.Certain {
		tags = append(tags, d.Certainty.String())
	}
	if d.Profile != "" && d.Profile != strings.Join(p.profiles, ",") {
		tags = append(tags, d.Profile)
	}
	return "[" + plain(strings.Join(tags, ", ")) + "]"
}

// snippet draws the source line and returns how far the notes below it are
// indented.
func (p *lintPrinter) snippet(d *diag.Diagnostic) int {
	line, ok := p.sources.line(d.Range.File, d.Range.Start.Line)
	if !ok {
		return 2
	}
	number := strconv.Itoa(d.Range.Start.Line)
	gutter := len(number) + 2
	if p.sources.private(d) {
		fmt.Fprintf(p, "  %s %s\n", p.dim(number+" |"), p.dim("(not shown: it may hold the data of a Secret)"))
		return gutter + 1
	}
	s := draw(line, d.Range, p.width()-gutter-3)
	fmt.Fprintf(p, "  %s %s\n", p.dim(number+" |"), s.text)
	fmt.Fprintf(p, "  %s %s%s\n", p.dim(strings.Repeat(" ", len(number))+" |"), strings.Repeat(" ", s.from), p.style.severity(d.Severity, strings.Repeat("^", s.width)))
	return gutter + 1
}

// note writes a labelled text, wrapped under itself.
func (p *lintPrinter) note(indent int, label, text string) {
	lead := strings.Repeat(" ", indent)
	label = plain(label)
	lines := wrap(plain(text), p.width()-indent-columns(label))
	if columns(label) > p.width()/2 { // a long path: the text goes below it
		lines = wrap(plain(text), p.width()-indent-2)
		fmt.Fprintf(p, "%s%s\n", lead, p.label(strings.TrimRight(label, " ")))
		for _, line := range lines {
			fmt.Fprintf(p, "%s  %s\n", lead, line)
		}
		return
	}
	for i, line := range lines {
		if i > 0 {
			fmt.Fprintf(p, "%s%s%s\n", lead, strings.Repeat(" ", columns(label)), line)
			continue
		}
		fmt.Fprintf(p, "%s%s%s\n", lead, p.label(label), line)
	}
}

func (p *lintPrinter) summary(set *manifest.Set, r *lint.Result) {
	n := countsOf(set, r)
	scope := fmt.Sprintf("in %s of %s", count(n.Objects, "object"), count(n.Files, "file"))
	if len(r.Diagnostics) == 0 {
		if p.Terminal || p.Verbose {
			fmt.Fprintf(p, "%s %s%s%s\n", p.good("no findings"), scope, p.asProfiles(r), aside(r))
		}
		p.ignored(set)
		return
	}
	var parts []string
	for _, part := range []struct {
		n     int
		level diag.Severity
		noun  string
	}{{n.Errors, diag.Error, "error"}, {n.Warnings, diag.Warning, "warning"}, {n.Infos, diag.Info, "info"}} {
		if part.n > 0 {
			parts = append(parts, p.style.severity(part.level, count(part.n, part.noun)))
		}
	}
	fmt.Fprintf(p, "\n%s %s%s%s\n", strings.Join(parts, ", "), scope, p.asProfiles(r), aside(r))
	p.fixable(r)
	p.ignored(set)
}

// fixable tells a person how many findings can be edited away.
func (p *lintPrinter) fixable(r *lint.Result) {
	auto, offered := 0, 0
	for _, d := range r.Diagnostics {
		switch {
		case d.Fix == nil || len(d.Fix.Edits) == 0:
		case d.Fix.Offer:
			offered++
		default:
			auto++
		}
	}
	if !p.Terminal || auto+offered == 0 {
		return
	}
	fmt.Fprintf(p, "%s\n", p.dim(fmt.Sprintf("%d with an edit: --diff shows it, --fix makes it; %d more with --fix=offer", auto, offered)))
}

func (p *lintPrinter) asProfiles(r *lint.Result) string {
	if len(r.Profiles) == 0 {
		return ""
	}
	return p.dim(" (" + noun(len(r.Profiles), "profile") + " " + strings.Join(profileNames(r), ", ") + ")")
}

// ignored lists, when asked for, the kinds that were read over.
func (p *lintPrinter) ignored(set *manifest.Set) {
	if !p.Verbose || len(set.Ignored) == 0 {
		return
	}
	kinds := make([]string, 0, len(set.Ignored))
	for kind, n := range set.Ignored {
		kinds = append(kinds, fmt.Sprintf("%s (%d)", kind, n))
	}
	slices.Sort(kinds)
	p.note(0, "ignored: ", strings.Join(kinds, "; "))
}

// tellsMore reports whether the server's text says something that the message
// and the hint do not.
func tellsMore(d *diag.Diagnostic) bool {
	said := strings.ToLower(d.Message + " " + d.Hint)
	text := strings.ToLower(d.Admission)
	if _, after, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, strings.ToLower(d.Field)) {
		text = after
	}
	return d.Hint == "" && !strings.Contains(said, text)
}

// callOf writes a witness as explain takes it.
func callOf(w *diag.Witness) string {
	b := shellWord(w.Authority + w.Path)
	names := make([]string, 0, len(w.Headers))
	for name := range w.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b += " -H " + shellQuote(name+": "+w.Headers[name])
	}
	if w.Gateway != "" {
		b += " --gateway " + shellWord(w.Gateway)
	}
	if w.Port != 0 {
		b += fmt.Sprintf(" --port %d", w.Port)
	}
	if w.SNI != "" && w.SNI != w.Authority {
		b += " --sni " + shellWord(w.SNI)
	}
	return b
}

// shellQuote makes text one word of a POSIX shell.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// shellWord quotes text where a POSIX shell would read more than a word in it.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return shellQuote(text)
}

// count writes a number with its noun: "1 object", "2 objects".
func count(n int, what string) string { return fmt.Sprintf("%d %s", n, noun(n, what)) }

func noun(n int, what string) string {
	if n == 1 || what == "info" {
		return what
	}
	return what + "s"
}
