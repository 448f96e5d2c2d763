package cmd

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/internal/revision"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

// withChange takes out of a result what the change since --changed cannot have
// caused.
func (o *lintOptions) withChange(set *manifest.Set, r *lint.Result) error {
	if o.Changed == "" {
		return nil
	}
	was, commit, err := o.before()
	if err != nil {
		return fmt.Errorf("--changed %s: %w", o.Changed, err)
	}
	before, err := o.check(was)
	if err != nil {
		return err
	}
	c := lint.NewChange(was, set, before.Diagnostics)
	c.Filter(r)
	if o.Output.Verbose {
		fmt.Fprintf(o.Streams.Err, "%d %s changed since %.12s\n", c.Objects, plural(c.Objects, "object", "objects"), commit)
	}
	return nil
}

// before reads the same paths as they were where the current branch left the
// revision: what happened there since is not this change. Without such a place it
// is the revision itself.
func (o *lintOptions) before() (*manifest.Set, string, error) {
	ctx := context.Background()
	repo, err := revision.Open(ctx, "")
	if err != nil {
		return nil, "", err
	}
	commit, err := repo.Commit(ctx, o.Changed)
	if err != nil {
		return nil, "", usage(err)
	}
	if head, err := repo.Commit(ctx, "HEAD"); err == nil {
		if base, err := repo.MergeBase(ctx, commit, head); err == nil {
			commit = base
		}
	}
	p := past{repo: repo, commit: commit, in: &o.Input, seen: map[string]bool{}}
	given, err := p.read(ctx, o.Input.Files, !o.Input.Recursive)
	if err != nil {
		return nil, "", err
	}
	resources, err := p.read(ctx, o.Input.Config.resources(), false)
	if err != nil {
		return nil, "", err
	}
	for _, f := range resources {
		f.Resource = true
	}
	return manifest.Read(append(resources, given...), manifest.Options{Namespace: o.Input.Namespace}), commit, nil
}

// past reads files of a commit under the names that they have now.
type past struct {
	repo   *revision.Repository
	commit string
	in     *inputOptions
	seen   map[string]bool // names in the repository
}

func (p *past) read(ctx context.Context, paths []string, flat bool) ([]*manifest.File, error) {
	var out []*manifest.File
	for _, path := range paths {
		if path == "-" {
			return nil, usagef("standard input has no past: name files or folders")
		}
		inside, err := p.repo.Inside(path)
		if err != nil {
			return nil, usage(err)
		}
		files, _, err := p.repo.Files(ctx, p.commit, p.commit, revision.Selection{Paths: []string{inside}, NonRecursive: flat})
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			name := strings.TrimPrefix(f.Name, p.commit+":")
			below := strings.TrimPrefix(strings.TrimPrefix(name, inside), "/")
			if inside == "." {
				below = name
			}
			if p.seen[name] || below != "" && p.left(path, below) {
				continue
			}
			p.seen[name] = true
			f.Name = filepath.Join(path, filepath.FromSlash(below))
			out = append(out, f)
		}
	}
	return out, nil
}

// left reports whether the configuration leaves out a file below a path, or a
// folder on the way to it.
func (p *past) left(path, below string) bool {
	at := path
	return slices.ContainsFunc(strings.Split(below, "/"), func(name string) bool {
		at = filepath.Join(at, name)
		return p.in.Config.excluded(at)
	})
}
