// Command docgen writes what the documentation says about the rules from the
// rules themselves: the table in README.md between its markers, and docs/rules.md
// with every page. It is run from the top of the repository by `make generate`.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
)

// The README's table of rules stands between these lines.
const (
	begin = "<!-- rules:begin -->"
	end   = "<!-- rules:end -->"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

// run writes the generated parts below a folder.
func run(top string) error {
	readme := filepath.Join(top, "README.md")
	text, err := os.ReadFile(readme)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read the README: %w", err)
	default:
		now, err := fill(string(text), table(rules.All, "docs/rules.md"))
		if err != nil {
			return fmt.Errorf("write %s: %w", readme, err)
		}
		if err := write(readme, now); err != nil {
			return err
		}
	}
	pages, err := pages(rules.All, rules.Page)
	if err != nil {
		return err
	}
	return write(filepath.Join(top, "docs", "rules.md"), pages)
}

// write writes a file unless it holds the text already.
func write(path, text string) error {
	if was, err := os.ReadFile(path); err == nil && string(was) == text {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// fill replaces what stands between the markers. A page without them has no
// table and stays as it is.
func fill(page, table string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	if !ok {
		return page, nil
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("%q has no %q after it", begin, end)
	}
	return before + begin + "\n" + table + end + after, nil
}

// table lists rules by section. page is where the rules' pages are.
func table(all []*lint.Rule, page string) string {
	var b strings.Builder
	for _, s := range sections(all) {
		fmt.Fprintf(&b, "\n| %s | severity | finds |\n|---|---|---|\n", s.name)
		for _, r := range s.rules {
			fmt.Fprintf(&b, "| [`%s`](%s#%s) | %s | %s%s |\n", r.ID, page, r.ID, r.Severity, cell(r.Summary), of(r))
		}
	}
	return b.String() + "\n"
}

// of names the implementations that a rule speaks of.
func of(r *lint.Rule) string {
	if len(r.Profiles) == 0 {
		return ""
	}
	return " (" + strings.Join(r.Profiles, ", ") + ")"
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

type section struct {
	name  lint.Section
	rules []*lint.Rule
}

// sections groups rules in the order in which sections first appear in the
// catalogue of package lint.
func sections(all []*lint.Rule) []section {
	var out []section
	for _, name := range lint.Sections {
		s := section{name: name}
		for _, r := range all {
			if r.Section == name {
				s.rules = append(s.rules, r)
			}
		}
		if len(s.rules) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// pages is docs/rules.md: the table, then every rule's page one level deeper.
func pages(all []*lint.Rule, page func(id string) (string, error)) (string, error) {
	var b strings.Builder
	b.WriteString("# Rules\n\nWritten by `make generate` from the rules; `grpcroute rules ID` prints each page.\n")
	b.WriteString(table(all, ""))
	for _, s := range sections(all) {
		fmt.Fprintf(&b, "## %s\n\n", s.name)
		for _, r := range s.rules {
			text, err := page(r.ID)
			if err != nil {
				return "", fmt.Errorf("write docs/rules.md: %w", err)
			}
			fmt.Fprintf(&b, "%s\n", deeper(strings.TrimSpace(text)))
			fmt.Fprintf(&b, "\nSeverity %s, since %s%s.\n\n", r.Severity, r.Since, of(r))
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}

// deeper moves the headings of a page two levels down.
func deeper(page string) string {
	var b strings.Builder
	code := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		if !code && strings.HasPrefix(line, "#") {
			line = "##" + line
		}
		b.WriteString(line)
	}
	return b.String()
}
