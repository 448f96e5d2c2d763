package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
)

// ruleCatalogue is the grpcroute.rules/v1 contract.
type ruleCatalogue struct {
	Schema string     `json:"schema"`
	Rules  []ruleInfo `json:"rules"`
}

type ruleInfo struct {
	ID       string   `json:"id"`
	Summary  string   `json:"summary"`
	Section  string   `json:"section"`
	Severity string   `json:"severity"`
	Since    string   `json:"since"`
	Profiles []string `json:"profiles"` // empty: all
	Fix      string   `json:"fix"`      // "", "auto" or "offer"
	Advice   bool     `json:"advice"`   // runs only when named, or with --advice
	Page     string   `json:"page,omitempty"`
}

func ruleInfoOf(r *lint.Rule, page string) ruleInfo {
	return ruleInfo{r.ID, r.Summary, string(r.Section), r.Severity.String(), r.Since, list(r.Profiles), string(r.Fix), r.OptIn, page}
}

// RulesJSON writes the catalogue as grpcroute.rules/v1.
func RulesJSON(w io.Writer, rules []*lint.Rule) error {
	out := ruleCatalogue{Schema: "grpcroute.rules/v1", Rules: []ruleInfo{}}
	for _, r := range rules {
		out.Rules = append(out.Rules, ruleInfoOf(r, ""))
	}
	return encode(w, out)
}

// RulePageJSON writes one rule and its page as grpcroute.rules/v1.
func RulePageJSON(w io.Writer, r *lint.Rule, page string) error {
	return encode(w, ruleCatalogue{Schema: "grpcroute.rules/v1", Rules: []ruleInfo{ruleInfoOf(r, page)}})
}

// RulesText writes the catalogue as a table.
func RulesText(w io.Writer, rules []*lint.Rule, o Options) error {
	style := o.style()
	t := table{header: []string{"rule", "severity", "section", "finds"}, prose: true}
	for _, r := range rules {
		t.rows = append(t.rows, []string{r.ID, r.Severity.String(), string(r.Section), r.Summary + advice(r)})
	}
	t.paint = func(row, column int, text string) string {
		if column == 1 {
			return style.severity(rules[row].Severity, text)
		}
		return text
	}
	return t.write(w, o, "")
}

// RulePageText writes a rule's page for a terminal: headings and code stand out,
// the marks of Markdown are gone, prose is wrapped, code is not.
func RulePageText(w io.Writer, r *lint.Rule, page string, o Options) error {
	p := pagePrinter{Options: o, style: o.style()}
	for line := range strings.Lines(page) {
		p.line(strings.TrimRight(line, " \r\n"))
	}
	p.flush()
	speaksOf := "all profiles"
	if len(r.Profiles) > 0 {
		speaksOf = noun(len(r.Profiles), "profile") + " " + strings.Join(r.Profiles, ", ")
	}
	text := strings.Trim(p.String(), "\n")
	_, err := fmt.Fprintf(w, "%s\n\n%s\n", text, p.dim(fmt.Sprintf("%s, section %s, since %s, %s%s", r.Severity, r.Section, r.Since, speaksOf, advice(r))))
	return err
}

// advice marks a rule that runs only on demand.
func advice(r *lint.Rule) string {
	if !r.OptIn {
		return ""
	}
	return " (with --advice)"
}

type pagePrinter struct {
	strings.Builder
	Options
	style
	lead      string // of the first line of the paragraph
	paragraph []string
	code      bool
}

// line takes one line of Markdown as the pages use it: headings, paragraphs,
// lists, fenced code.
func (p *pagePrinter) line(line string) {
	text := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(text)]
	switch {
	case strings.HasPrefix(text, "```"):
		p.flush()
		p.code = !p.code
	case p.code:
		fmt.Fprintf(p, "%s\n", strings.TrimRight("    "+p.dim(line), " "))
	case text == "":
		p.flush()
		p.WriteByte('\n')
	case strings.HasPrefix(text, "#"):
		p.flush()
		fmt.Fprintf(p, "%s\n", p.bold(strings.TrimLeft(text, "# ")))
	case strings.HasPrefix(text, "- "), strings.HasPrefix(text, "* "), strings.HasPrefix(text, "|"):
		p.flush()
		p.lead, p.paragraph = indent, []string{text}
		if strings.HasPrefix(text, "|") {
			fmt.Fprintf(p, "%s\n", line)
			p.paragraph = nil
		}
	default:
		p.paragraph = append(p.paragraph, text)
	}
}

// flush writes the paragraph that was gathered.
func (p *pagePrinter) flush() {
	text := strings.Join(p.paragraph, " ")
	hang := ""
	if strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "* ") {
		hang = "  "
	}
	for i, line := range wrap(p.inline(text), p.width()-len(p.lead)-len(hang)) {
		if i > 0 {
			line = hang + line
		}
		fmt.Fprintf(p, "%s%s\n", p.lead, line)
	}
	p.lead, p.paragraph = "", nil
}

// inline drops the marks for emphasis; code keeps its back quotes, which say
// what to type.
func (p *pagePrinter) inline(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 {
			parts[i] = strings.ReplaceAll(parts[i], "**", "")
		}
	}
	return strings.Join(parts, "`")
}
