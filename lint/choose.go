package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// choose returns the rules that --rule, --skip and --advice leave, in catalogue
// order.
func choose(rules []*Rule, o *Options) ([]*Rule, error) {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	for _, id := range slices.Concat(o.Rules, o.Skip, o.Enable) {
		if !slices.Contains(ids, id) {
			return nil, UnknownRule(id, ids)
		}
	}
	var out []*Rule
	for _, r := range rules {
		wanted := o.Advice || !r.OptIn || slices.Contains(o.Enable, r.ID)
		runs := len(o.Rules) == 0 && wanted || slices.Contains(o.Rules, r.ID)
		if runs && !slices.Contains(o.Skip, r.ID) {
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
// short name. Case does not count. Among equally near ones letters that changed
// places win over letters that are others, and then the first. When none is near, the only one that begins with name, or that name begins with, is
// meant: "envoy", "1.6.3".
func Nearest(name string, candidates []string) string {
	allowed := min(max(len(name)/3, 1), len(name)-1)
	found := ""
	name = strings.ToLower(name)
	for _, c := range candidates {
		d := diag.Distance(name, strings.ToLower(c))
		if d <= allowed || found != "" && d == allowed+1 && sameLetters(name, c) && !sameLetters(name, found) {
			allowed, found = d-1, c
		}
	}
	if found == "" {
		return onlyPrefix(name, candidates)
	}
	return found
}

// sameLetters reports whether two words are made of the same letters.
func sameLetters(a, b string) bool {
	x, y := []byte(strings.ToLower(a)), []byte(strings.ToLower(b))
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
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
