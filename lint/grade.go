package lint

import (
	"slices"

	"github.com/grpcroute/grpcroute/diag"
)

// PathRules says what other severities rules have in some files.
type PathRules struct {
	Match      func(file string) bool
	On, Off    []string // rules whose findings there are kept after all, or dropped
	Severities map[string]diag.Severity
}

// grade drops the findings of rules that are off where they stand, and gives the
// others the severity that the options say. The last of several entries counts.
func (o *Options) grade(found diag.List) diag.List {
	if len(o.Severities) == 0 && len(o.Paths) == 0 {
		return found
	}
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return o.off(d.Rule, d.Range.File) })
	for i := range found {
		if s, ok := o.severity(found[i].Rule, found[i].Range.File); ok {
			found[i].Severity = s
		}
	}
	return found
}

// off reports whether a rule is off in a file.
func (o *Options) off(rule, file string) bool {
	off := false
	for _, p := range o.Paths {
		if !p.Match(file) {
			continue
		}
		_, graded := p.Severities[rule]
		off = (off || slices.Contains(p.Off, rule)) && !graded && !slices.Contains(p.On, rule)
	}
	return off
}

// severity returns the severity that the options give a rule in a file.
func (o *Options) severity(rule, file string) (diag.Severity, bool) {
	s, ok := o.Severities[rule]
	for _, p := range o.Paths {
		if other, has := p.Severities[rule]; has && p.Match(file) {
			s, ok = other, true
		}
	}
	return s, ok
}
