// Command newrule writes the skeleton of a lint rule: its file, its page, two
// golden cases and its line in lint/rules/all.go.
//
//	go run ./internal/newrule backend-port-missing
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/newrule RULE-ID")
		os.Exit(2)
	}
	written, err := create(".", os.Args[1])
	for _, name := range written {
		fmt.Println(name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "newrule:", err)
		os.Exit(1)
	}
}

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// create writes the skeleton of a rule below the top of the repository and
// returns what it wrote. It overwrites nothing.
func create(top, id string) ([]string, error) {
	if !kebab.MatchString(id) {
		return nil, fmt.Errorf("read rule id %q: expected lower-case words joined by -, as \"backend-port-missing\"", id)
	}
	list := filepath.Join(top, "lint", "rules", "all.go")
	all, err := os.ReadFile(list)
	if err != nil {
		return nil, err
	}
	listed, err := addLine(string(all), camel(id))
	if err != nil {
		return nil, err
	}
	base := filepath.Join(top, "lint", "rules", strings.ReplaceAll(id, "-", "_"))
	cases := filepath.Join(top, "testdata", "lint", id)
	replace := strings.NewReplacer("RULE-ID", id, "ruleID", camel(id), "RuleID", upper(camel(id)))
	files := []struct{ name, text string }{
		{base + ".go", ruleFile},
		{base + ".md", rulePage},
		{filepath.Join(cases, "found.txtar"), foundCase},
		{filepath.Join(cases, "quiet.txtar"), quietCase},
	}
	if err := os.MkdirAll(cases, 0o755); err != nil {
		return nil, err
	}
	var written []string
	for _, f := range files {
		if err := writeNew(f.name, replace.Replace(f.text)); err != nil {
			return written, err
		}
		written = append(written, f.name)
	}
	if err := os.WriteFile(list, []byte(listed), 0o644); err != nil {
		return written, err
	}
	return append(written, list), nil
}

// writeNew writes a file that must not exist yet.
func writeNew(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// addLine adds a variable to the list All, in order.
func addLine(all, name string) (string, error) {
	const open = "var All = []*lint.Rule{\n"
	head, rest, ok := strings.Cut(all, open)
	body, tail, closed := strings.Cut(rest, "}\n")
	if !ok || !closed {
		return "", fmt.Errorf("find %q in all.go: it is not there", strings.TrimSpace(open))
	}
	line := "\t" + name + ",\n"
	lines := slices.Collect(strings.Lines(body))
	if slices.Contains(lines, line) {
		return "", fmt.Errorf("add rule: all.go has %s already", name)
	}
	i := slices.IndexFunc(lines, func(l string) bool { return words(l) > words(line) })
	if i < 0 {
		i = len(lines)
	}
	return head + open + strings.Join(slices.Insert(lines, i, line), "") + "}\n" + tail, nil
}

var capital = regexp.MustCompile(`[A-Z]`)

// words writes a variable as its id again, by which the list is ordered.
func words(line string) string {
	name := strings.Trim(line, "\t,\n")
	return capital.ReplaceAllStringFunc(name, func(s string) string { return "-" + strings.ToLower(s) })
}

func camel(id string) string {
	parts := strings.Split(id, "-")
	for i, p := range parts[1:] {
		parts[i+1] = upper(p)
	}
	return strings.Join(parts, "")
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
