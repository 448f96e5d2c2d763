package config

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// compile makes a regular expression of a pattern of paths: "*" and "?" stand for
// characters of a name, "**" for any number of folders. A pattern without a slash,
// but for one at its end, matches names at any depth. What matches a folder
// matches everything below it.
func compile(pattern string) (*regexp.Regexp, error) {
	p := strings.TrimSuffix(strings.TrimPrefix(pattern, "./"), "/")
	switch {
	case p == "" || p == ".":
		return nil, fmt.Errorf("the pattern %q matches everything: name files or folders below", pattern)
	case strings.HasPrefix(p, "!"):
		return nil, fmt.Errorf("the pattern %q: patterns cannot take files back in; write the other ones", pattern)
	case strings.HasPrefix(p, "/"), strings.HasPrefix(p, ".."):
		return nil, fmt.Errorf("the pattern %q: patterns are seen from the folder of the file, as in \"charts/**\"", pattern)
	case strings.ContainsAny(p, "[]{}\\") || !utf8.ValidString(p):
		return nil, fmt.Errorf("the pattern %q: only *, ** and ? have a meaning", pattern)
	}
	var b strings.Builder
	b.WriteString("^")
	if !strings.Contains(p, "/") {
		b.WriteString("(?:.*/)?")
	}
	for p != "" {
		switch {
		case strings.HasPrefix(p, "**/"):
			b.WriteString("(?:.*/)?")
			p = p[3:]
			continue
		case strings.HasPrefix(p, "**"):
			b.WriteString(".*")
			p = p[2:]
			continue
		case p[0] == '*':
			b.WriteString("[^/]*")
		case p[0] == '?':
			b.WriteString("[^/]")
		default:
			_, size := utf8.DecodeRuneInString(p)
			b.WriteString(regexp.QuoteMeta(p[:size]))
			p = p[size:]
			continue
		}
		p = p[1:]
	}
	return regexp.Compile(b.String() + "(?:/.*)?$")
}

// Matcher returns a test whether a path, as seen from the current folder, matches
// one of the patterns of the file. Patterns that [Parse] refuses match nothing.
func (c *Config) Matcher(patterns []string) func(path string) bool {
	var all []*regexp.Regexp
	for _, p := range patterns {
		if re, err := compile(p); err == nil {
			all = append(all, re)
		}
	}
	top, err := filepath.Abs(filepath.Dir(c.File))
	if len(all) == 0 || err != nil {
		return func(string) bool { return false }
	}
	return func(path string) bool {
		abs, err := filepath.Abs(path)
		if err != nil {
			return false
		}
		rel, err := filepath.Rel(top, abs)
		if err != nil {
			return false
		}
		if rel = filepath.ToSlash(rel); rel == ".." || strings.HasPrefix(rel, "../") {
			return false
		}
		for _, re := range all {
			if re.MatchString(rel) {
				return true
			}
		}
		return false
	}
}
