package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
)

// identity is what makes two findings equal.
type identity struct {
	rule, field, message string
	severity             diag.Severity
	doc                  *manifest.Document
	object               diag.Ref // where doc is not known any more
	at                   diag.Range
	about                about // of [Pass.Once], before all findings are known
}

// settle drops general findings that a special one explains, merges equal ones,
// looks up positions and sorts.
func (w *work) settle(all []finding, suggestions map[*diag.Fix]*Suggestion) diag.List {
	if all = dropExplained(all, w.rules); w.grouped {
		w.byProfile(all)
	}
	all = merge(all, false)
	if w.grouped {
		w.sortProfiles(all)
	}
	complete(all)
	suggest(all, w.rules, suggestions)
	var names []string
	for _, p := range w.profiles {
		names = append(names, p.Name)
	}
	out := make(diag.List, len(all))
	for i := range all {
		out[i] = all[i].Diagnostic
		if out[i].Profile == "" {
			out[i].Profile = strings.Join(names, ",")
		}
	}
	out.Sort()
	return out
}

// merge makes one of equal findings. With apart those about a subject stay apart
// from others: which of them is kept is not known yet.
func merge(all []finding, apart bool) []finding {
	byID := make(map[identity]int, len(all))
	kept := all[:0]
	for _, f := range all {
		if f.Field == "" && f.path != nil {
			f.Field = f.path.String()
		}
		id := identity{rule: f.Rule, field: f.Field, message: f.Message, severity: f.Severity, doc: f.doc, at: f.Range}
		if f.doc == nil {
			id.object = f.Object
		}
		if apart && f.once != nil {
			id.about = f.once.about
		}
		if i, ok := byID[id]; ok {
			kept[i].Profile = joinProfile(kept[i].Profile, f.Profile)
			kept[i].suggestion = cmp.Or(kept[i].suggestion, f.suggestion)
			kept[i].Fix = cmp.Or(kept[i].Fix, f.Fix)
			continue
		}
		byID[id] = len(kept)
		kept = append(kept, f)
	}
	return kept
}

// complete looks up positions, those of one file by one goroutine.
func complete(kept []finding) {
	files := map[*manifest.File][]int{}
	var order []*manifest.File
	for i := range kept {
		if kept[i].doc == nil {
			continue
		}
		file := kept[i].doc.File
		if files[file] == nil {
			order = append(order, file)
		}
		files[file] = append(files[file], i)
	}
	each(len(order), 1, func(n int) {
		for _, i := range files[order[n]] {
			kept[i].complete()
		}
	})
}

// suggest finds the edits of the findings that have a suggestion, and notes what
// they were made from unless into is nil.
func suggest(kept []finding, rules []*Rule, into map[*diag.Fix]*Suggestion) {
	for i := range kept {
		f := &kept[i]
		if f.suggestion == nil {
			continue
		}
		j := slices.IndexFunc(rules, func(r *Rule) bool { return r.ID == f.Rule })
		f.Fix = fixOf(f.suggestion, rules[j])
		if into != nil {
			into[f.Fix] = f.suggestion
		}
	}
}

// joinProfile adds names to a comma-separated list unless they are there.
func joinProfile(list, names string) string {
	for name := range strings.SplitSeq(names, ",") {
		if !slices.Contains(strings.Split(list, ","), name) {
			list += "," + name
		}
	}
	return list
}

// byProfile brings what groups found into the order of one look at everything: the
// findings of a profile after those of the one before.
func (w *work) byProfile(all []finding) {
	slices.SortStableFunc(all, func(a, b finding) int { return w.profileOf(&a) - w.profileOf(&b) })
}

// sortProfiles brings the names of profiles that groups brought together into order.
func (w *work) sortProfiles(all []finding) {
	for i := range all {
		if !strings.Contains(all[i].Profile, ",") {
			continue
		}
		names := strings.Split(all[i].Profile, ",")
		slices.SortStableFunc(names, func(a, b string) int { return w.numberOf(a) - w.numberOf(b) })
		all[i].Profile = strings.Join(names, ",")
	}
}

// profileOf numbers the first profile that a finding is of; -1 for none.
func (w *work) profileOf(f *finding) int {
	name, _, _ := strings.Cut(f.Profile, ",")
	return w.numberOf(name)
}

func (w *work) numberOf(name string) int {
	return slices.IndexFunc(w.profiles, func(p *profile.Profile) bool { return p.Name == name })
}

// dropExplained removes findings of general rules whose every admission failure
// is explained by a finding of another rule.
func dropExplained(all []finding, rules []*Rule) []finding {
	general := map[string]bool{}
	for _, r := range rules {
		general[r.ID] = r.General
	}
	explained := map[*admission.Failure]bool{}
	for i := range all {
		if general[all[i].Rule] {
			continue
		}
		for _, f := range all[i].explains {
			explained[f] = true
		}
	}
	if len(explained) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(f finding) bool {
		if !general[f.Rule] || len(f.explains) == 0 {
			return false
		}
		return !slices.ContainsFunc(f.explains, func(x *admission.Failure) bool { return !explained[x] })
	})
}
