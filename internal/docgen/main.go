// Command docgen writes what the documentation says about the rules from the
// rules themselves: the summary in README.md between its markers, and docs/rules.md,
// both with links to the rules' pages; and docs/profiles.md from the profiles. It is run from the top of the repository by
// `make generate`.
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
		now, err := fill(string(text), summary(rules.All, "lint/rules/"))
		if err != nil {
			return fmt.Errorf("write %s: %w", readme, err)
		}
		if err := write(readme, now); err != nil {
			return err
		}
	}
	if err := write(filepath.Join(top, "docs", "profiles.md"), profiles()); err != nil {
		return err
	}
	return write(filepath.Join(top, "docs", "rules.md"), catalogue(rules.All))
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

// summary lists the ids of the rules of each section in one row.
func summary(all []*lint.Rule, pages string) string {
	var b strings.Builder
	b.WriteString("\n| about | rules |\n|---|---|\n")
	for _, s := range sections(all) {
		ids := make([]string, len(s.rules))
		for i, r := range s.rules {
			ids[i] = fmt.Sprintf("[`%s`](%s)%s", r.ID, page(pages, r), advice(r))
		}
		fmt.Fprintf(&b, "| %s | %s |\n", s.name, strings.Join(ids, ", "))
	}
	return b.String() + "\n"
}

// page is the path of a rule's page, pages its folder.
func page(pages string, r *lint.Rule) string {
	return pages + strings.ReplaceAll(r.ID, "-", "_") + ".md"
}

// table lists rules by section. pages is the folder of the rules' pages, as
// seen from the document.
func table(all []*lint.Rule, pages string) string {
	var b strings.Builder
	for _, s := range sections(all) {
		fmt.Fprintf(&b, "\n| %s | severity | fix | finds |\n|---|---|---|---|\n", s.name)
		for _, r := range s.rules {
			fmt.Fprintf(&b, "| [`%s`](%s) | %s | %s | %s%s |\n", r.ID, page(pages, r), r.Severity, r.Fix, cell(r.Summary)+advice(r), of(r))
		}
	}
	return b.String() + "\n"
}

// advice marks a rule that runs only on demand.
func advice(r *lint.Rule) string {
	if !r.OptIn {
		return ""
	}
	return " (with `--advice`)"
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

// catalogue is docs/rules.md.
func catalogue(all []*lint.Rule) string {
	return fmt.Sprintf("# Rules\n\n%d rules, written by `make generate` from the rules themselves. `grpcroute rules` prints this list,\n"+
		"`grpcroute rules ID` the page of one. A rule that speaks of some implementations only names them.\nOne marked `--advice` runs only with that flag, or when `--rule` names it.\nA rule with a fix has edits: [fixes.md](fixes.md).\n"+
		"[Rules that differ from the plan](rules-left-out.md) are listed with reasons.\n%s", len(all),
		strings.TrimRight(table(all, "../lint/rules/"), "\n")+"\n")
}
