package cmd

import (
	"context"
	"fmt"

	"github.com/grpcroute/grpcroute/internal/revision"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
)

// withChange takes out of a result what the change since --changed cannot have
// caused, and returns the change.
func (o *lintOptions) withChange(set *manifest.Set, r *lint.Result, options lint.Options) (*lint.Difference, error) {
	if o.Changed == "" {
		return nil, nil
	}
	was, commit, declared, err := o.before()
	if err != nil {
		return nil, fmt.Errorf("--changed %s: %w", o.Changed, err)
	}
	if declared { // what is found by other declarations is new
		options.Descriptors, options.BackendDescriptors = nil, nil
	}
	if options.Profile, err = o.Input.profileFor(was); err != nil {
		return nil, err
	}
	before, err := lint.Run(was, rules.All, options)
	if err != nil {
		return nil, usage(err)
	}
	c := lint.NewDifference(was, set, before.Diagnostics)
	c.Filter(r)
	if o.Output.Verbose {
		fmt.Fprintf(o.Streams.Err, "%d %s changed since %.12s\n", c.Objects, plural(c.Objects, "object", "objects"), commit)
	}
	return c, nil
}

// before reads the same paths as they were where the current branch left the
// revision: what happened there since is not this change. Without such a place it
// is the revision itself. Declared reports whether services were declared by other
// files then.
func (o *lintOptions) before() (was *manifest.Set, commit string, declared bool, err error) {
	ctx := context.Background()
	repo, err := revision.Open(ctx, "")
	if err != nil {
		return nil, "", false, err
	}
	if commit, err = repo.Commit(ctx, o.Changed); err != nil {
		return nil, "", false, usage(err)
	}
	if head, err := repo.Commit(ctx, "HEAD"); err == nil {
		if base, err := repo.MergeBase(ctx, commit, head); err == nil {
			commit = base
		}
	}
	p := past{repo: repo, commit: commit, label: commit, rename: true, config: &o.Input.Config, seen: map[string]bool{}}
	given, err := p.read(ctx, o.Input.Files, !o.Input.Recursive)
	if err != nil {
		return nil, "", false, err
	}
	resources, err := p.resources(ctx)
	if err != nil {
		return nil, "", false, err
	}
	if declared, err = repo.Differs(ctx, commit, o.API.paths()); err != nil {
		return nil, "", false, err
	}
	return manifest.Read(append(resources, given...), manifest.Options{Namespace: o.Input.Namespace}), commit, declared, nil
}
