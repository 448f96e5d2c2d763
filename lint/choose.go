package lint

import (
	"fmt"
	"slices"
	"strings"
)

// choose returns the rules that --rule and --skip leave, in catalogue order.
func choose(rules []*Rule, only, skip []string) ([]*Rule, error) {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	for _, id := range slices.Concat(only, skip) {
		if !slices.Contains(ids, id) {
			return nil, UnknownRule(id, ids)
		}
	}
	var out []*Rule
	for _, r := range rules {
		if (len(only) == 0 || slices.Contains(only, r.ID)) && !slices.Contains(skip, r.ID) {
			out = append(out, r)
		}
	}
	return out, nil
}

// UnknownRule is the error for a rule id that is not in the catalogue; it names
// the nearest one.
func UnknownRule(id string, ids []string) error {
	if near := Nearest(id, ids); near != "" {
		return fmt.Errorf("unknown rule %q: did you mean %q?", id, near)
	}
	return fmt.Errorf("unknown rule %q: `grpcroute rules` lists them all", id)
}

// Nearest returns the candidate that takes the fewest edits to become from name,
// and "" when none is near: a third of the characters may differ, and one in a
// short name. Case does not count. Among equally near ones the first wins. When
// none is near, the only one that begins with name, or that name begins with, is
// meant: "envoy", "1.6.3".
func Nearest(name string, candidates []string) string {
	allowed := min(max(len(name)/3, 1), len(name)-1)
	found := ""
	name = strings.ToLower(name)
	for _, c := range candidates {
		if d := distance(name, strings.ToLower(c), allowed); d <= allowed {
			allowed, found = d-1, c
		}
	}
	if found == "" {
		return onlyPrefix(name, candidates)
	}
	return found
}

// onlyPrefix returns the only candidate that begins with a name or that the name
// begins with; below three characters anything would.
func onlyPrefix(name string, candidates []string) string {
	found := ""
	for _, c := range candidates {
		lower := strings.ToLower(c)
		if min(len(name), len(c)) < 3 || !strings.HasPrefix(lower, name) && !strings.HasPrefix(name, lower) {
			continue
		}
		if found != "" {
			return ""
		}
		found = c
	}
	return found
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b; anything above limit may be returned as limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
