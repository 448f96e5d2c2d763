package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
)

// quoted is a value as messages show it.
func quoted(s string) string { return strconv.Quote(s) }

// quotedList writes values as "a", "b" and "c".
func quotedList(values []string) string {
	q := make([]string, len(values))
	for i, v := range values {
		q[i] = strconv.Quote(v)
	}
	return list(q)
}

// list writes words as a, b and c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// expected says what would be right in place of a name: the nearest candidate,
// all of them when they are few, and nothing when there are none.
func expected(name string, candidates []string) string {
	switch near := lint.Nearest(name, candidates); {
	case near != "":
		return fmt.Sprintf("did you mean %q?", near)
	case len(candidates) == 0 || len(candidates) > 8:
		return ""
	case len(candidates) == 1:
		return fmt.Sprintf("expected %q", candidates[0])
	default:
		return "expected one of " + strings.ReplaceAll(quotedList(candidates), " and ", ", ")
	}
}

// also appends a part to a sentence unless it is empty.
func also(sentence, part string) string {
	if part == "" {
		return sentence
	}
	return sentence + ": " + part
}
