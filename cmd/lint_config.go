package cmd

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcroute/grpcroute/config"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
)

// configure takes from the configuration what the command line does not say.
func (o *lintOptions) configure() error {
	if err := o.Input.configure(); err != nil {
		return err
	}
	c, from := o.Input.Config.Read, &o.Input.Config
	set(from, "fail-on", &o.FailOn, c.FailOn)
	setBool(from, "strict-docs", &o.Strict, c.StrictDocs)
	setBool(from, "advice", &o.Advice, c.Advice)
	setList(from, "proto", &o.API.Protos, c.Paths(c.Proto.Paths))
	setList(from, "descriptor-set", &o.API.Sets, c.Paths(c.Proto.DescriptorSets))
	if c.Baseline != "" {
		set(from, "baseline", &o.Baseline.File, c.Path(c.Baseline))
	}
	if o.Output.Verbose && c.File != "" {
		fmt.Fprintf(o.Streams.Err, "configuration: %s\n", c.File)
	}
	return nil
}

// withRules adds what the configuration says of rules. A rule that --rule names
// runs, whatever the file says of it.
func (o *lintOptions) withRules(to lint.Options) lint.Options {
	c := o.Input.Config.Read
	if c == nil {
		return to
	}
	on, off, severities := split(c.Rules)
	to.Severities, to.Enable = severities, on
	everywhere := lint.PathRules{Match: func(string) bool { return true }, Off: off}
	var paths []lint.PathRules
	for _, over := range c.Overrides {
		on, off, severities := split(over.Rules)
		paths = append(paths, lint.PathRules{Match: c.Matcher(over.Paths), On: on, Off: off, Severities: severities})
		for _, id := range on {
			if o.optional(id) && !slices.Contains(to.Enable, id) { // advice that only these files want
				everywhere.Off = append(everywhere.Off, id)
			}
		}
		to.Enable = append(to.Enable, on...)
	}
	for _, id := range off {
		if !slices.Contains(to.Enable, id) && !slices.Contains(o.Rules, id) {
			to.Skip = append(to.Skip[:len(to.Skip):len(to.Skip)], id)
		}
	}
	everywhere.Off = slices.DeleteFunc(everywhere.Off, func(id string) bool { return slices.Contains(o.Rules, id) })
	to.Paths = append([]lint.PathRules{everywhere}, paths...)
	to.RequireReason = c.Suppression.RequireReason
	return to
}

// optional reports whether a rule runs only on demand, and nobody demands it.
func (o *lintOptions) optional(id string) bool {
	r := rules.Get(id)
	return r != nil && r.OptIn && !o.Advice
}

// split divides rules into those that are on, also by a severity, and those that
// are off.
func split(levels map[string]config.Level) (on, off []string, severities map[string]diag.Severity) {
	severities = map[string]diag.Severity{}
	for _, id := range slices.Sorted(maps.Keys(levels)) {
		if s, ok := levels[id].Severity(); ok {
			severities[id] = s
		}
		if levels[id] == config.Off {
			off = append(off, id)
		} else {
			on = append(on, id)
		}
	}
	return on, off, severities
}
