package cmd

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/grpcroute/grpcroute/internal/revision"
	"github.com/grpcroute/grpcroute/manifest"
)

// past reads files as they were in a commit.
type past struct {
	repo          *revision.Repository
	commit, label string
	rename        bool // files get the names that they have in the work tree, without label
	config        *configOptions
	seen          map[string]bool // names in the repository that were read
}

// read reads files and folders of the work tree, each file once.
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
		files, _, err := p.repo.Files(ctx, p.commit, p.label, revision.Selection{Paths: []string{inside}, NonRecursive: flat})
		if err != nil {
			return nil, err
		}
		whole := p.config.excluded(path) // named, so read
		for _, f := range files {
			name := strings.TrimPrefix(f.Name, p.label+":")
			below := strings.TrimPrefix(strings.TrimPrefix(name, inside), "/")
			if inside == "." {
				below = name
			}
			here := filepath.Join(path, filepath.FromSlash(below))
			if p.seen[name] || !whole && below != "" && p.config.excluded(here) {
				continue
			}
			p.seen[name] = true
			if p.rename {
				f.Name = here
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// resources reads what the configuration adds. What is outside the repository has
// no past that is known: it is read as it is.
func (p *past) resources(ctx context.Context) ([]*manifest.File, error) {
	var out []*manifest.File
	for _, path := range p.config.resources() {
		var files []*manifest.File
		if _, err := p.repo.Inside(path); err != nil {
			set, err := manifest.Load([]string{path}, manifest.Options{Exclude: p.config.excluded})
			if err != nil {
				return nil, err
			}
			files = set.Files
		} else if files, err = p.read(ctx, []string{path}, false); err != nil {
			return nil, err
		}
		for _, f := range files {
			f = f.With(f.Data)
			f.Resource = true
			out = append(out, f)
		}
	}
	return out, nil
}
