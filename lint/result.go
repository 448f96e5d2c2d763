package lint

import (
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// suppress takes out what the input says not to show, and adds what is wrong
// with its saying so.
func (r *Result) suppress(set *manifest.Set, said []*suppression, rules []*Rule, o *Options) {
	if len(said) == 0 {
		return
	}
	r.Diagnostics, r.Suppressed = suppress(r.Diagnostics, said)
	j := judge{
		ran:        func(rule, file string) bool { return r.Ran[rule] && !o.off(rule, file) },
		needReason: o.RequireReason,
	}
	perSet := map[string]bool{}
	for _, rule := range rules {
		j.ids = append(j.ids, rule.ID)
		perSet[rule.ID] = rule.PerSet || rule.Check == nil
	}
	j.sure = func(rule string) bool { return o.Assume == topology.AssumeAbsent || perSet[rule] }
	wrong := j.judge(said)
	var names []string
	for _, p := range r.Profiles {
		names = append(names, p.Name)
	}
	for i := range wrong {
		wrong[i].Profile = strings.Join(names, ",")
	}
	origins(set, pointers(wrong))
	r.Diagnostics = append(r.Diagnostics, o.grade(wrong)...)
	r.Diagnostics.Sort()
}

// leaveOut takes out what was found in files that are read for resolution only.
func (r *Result) leaveOut(set *manifest.Set) {
	resources := map[string]bool{}
	for _, f := range set.Files {
		if f.Resource {
			resources[f.Name] = true
		}
	}
	if len(resources) == 0 {
		return
	}
	before := len(r.Diagnostics)
	r.Diagnostics = slices.DeleteFunc(r.Diagnostics, func(d diag.Diagnostic) bool { return resources[d.Range.File] })
	r.Elsewhere = before - len(r.Diagnostics)
	r.Suppressed = slices.DeleteFunc(r.Suppressed, func(s Suppressed) bool { return resources[s.Range.File] })
}
