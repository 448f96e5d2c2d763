package nginx

import (
	"fmt"

	"github.com/grpcroute/grpcroute/translate/plan"
)

// split is a rule whose calls are divided.
type split struct {
	action   *plan.Action
	variable string
}

// place returns where the calls of a rule go: the place of its one part, or what
// the map of splits knows it by.
func (w *writer) place(d *door, a *plan.Action) string {
	if len(a.Parts) == 1 {
		return partPlace(&a.Parts[0])
	}
	if d.chosen[a] == "" {
		d.chosen[a] = fmt.Sprintf("%s_split_%d", d.name, len(d.splits))
		d.splits = append(d.splits, split{a, d.chosen[a]})
	}
	return a.Name
}

// hundredths is the least part that split_clients gives: a hundredth of a percent.
const hundredths = 10_000

// maxLevels bounds the draws for one call. What three of them leave over is less
// than a billionth of the calls.
const maxLevels = 3

// level is one draw: how many hundredths of a percent each part gets. What they
// leave over is drawn again.
type level []int64

// levels divides calls by weights, of which total is the sum.
func levels(weights []int64, total int64) []level {
	var out []level
	for range maxLevels {
		l := make(level, len(weights))
		left, sum := make([]int64, len(weights)), int64(0)
		for i, weight := range weights {
			l[i] = weight * hundredths / total
			left[i] = weight*hundredths - l[i]*total
			sum += left[i]
		}
		out = append(out, l)
		if sum == 0 {
			break
		}
		weights, total = left, sum
	}
	return out
}

// split writes the draws for a rule. Each draws by a hash of the call's own number.
func (w *writer) split(s split) {
	weights := make([]int64, len(s.action.Parts))
	for i := range s.action.Parts {
		weights[i] = s.action.Parts[i].Weight
	}
	all := levels(weights, s.action.Total)
	for n := len(all) - 1; n >= 0; n-- {
		w.draw(s, all, n)
	}
}

// draw writes one draw, and, unless it is the last, the map that goes on to the next.
func (w *writer) draw(s split, all []level, n int) {
	name, salt := s.variable, ""
	if n > 0 {
		name, salt = fmt.Sprintf("%s_%d", s.variable, n), fmt.Sprintf(" %d", n)
	}
	again := n+1 < len(all)
	to := name
	if again {
		to += "_drawn"
	}
	w.variables++
	w.line(1, `split_clients "$request_id%s" $%s {`, salt, to)
	last := -1
	for i, part := range all[n] {
		if part > 0 {
			last = i
		}
	}
	for i, part := range all[n] {
		if part > 0 && (i != last || again) {
			w.line(2, "%d.%02d%% %s;", part/100, part%100, partPlace(&s.action.Parts[i]))
		}
	}
	if !again {
		w.line(2, "* %s;", partPlace(&s.action.Parts[max(last, 0)]))
		w.line(1, "}\n")
		return
	}
	w.line(2, "* again;")
	w.line(1, "}")
	w.begin("$"+to, name)
	w.entry("default", "$"+to)
	w.entry("again", fmt.Sprintf("$%s_%d", s.variable, n+1))
	w.end(1)
}
