package rules

import (
	"embed"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
)

//go:embed *.md
var pages embed.FS

// Page returns the page of a rule as Markdown. The error names the nearest rule
// when there is none of that id.
func Page(id string) (string, error) {
	text, err := pages.ReadFile(strings.ReplaceAll(id, "-", "_") + ".md")
	if err == nil && Get(id) != nil {
		return string(text), nil
	}
	ids := make([]string, len(All))
	for i, r := range All {
		ids[i] = r.ID
	}
	return "", lint.UnknownRule(id, ids)
}

// Get returns the rule of that id, or nil.
func Get(id string) *lint.Rule {
	for _, r := range All {
		if r.ID == id {
			return r
		}
	}
	return nil
}
