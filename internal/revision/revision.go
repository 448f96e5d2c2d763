// Package revision reads manifests as they are in a revision of a git repository.
// It asks the git command and touches neither the work tree nor the index.
package revision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
)

// Repository is the git repository that a folder is in.
type Repository struct {
	git    string // the command
	dir    string
	top    string // folder of the work tree; "" for a bare repository
	prefix string // dir seen from top, with slashes; "" at the top
}

// UnknownError says that a repository has no revision of a name.
type UnknownError struct {
	Name    string
	Near    string // the branch or tag that is called nearly so
	Shallow bool   // the clone lacks older commits
}

// Error names the nearest branch or tag, and what a shallow clone may lack.
func (e *UnknownError) Error() string {
	text := fmt.Sprintf("git knows no revision %q", e.Name)
	if e.Near != "" {
		text += fmt.Sprintf(": did you mean %q?", e.Near)
	}
	if e.Shallow {
		text += " (the clone is shallow: `git fetch --unshallow`, or fetch-depth: 0 in CI, gets the rest)"
	}
	return text
}

// Open finds the repository of a folder, "" for the current one.
func Open(ctx context.Context, dir string) (*Repository, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, errors.New("compare revisions: the git command is not installed, or not in PATH")
	}
	r := &Repository{git: git, dir: dir}
	out, err := r.run(ctx, "rev-parse", "--is-bare-repository", "--show-prefix")
	if err != nil {
		if strings.Contains(err.Error(), "not a git repository") {
			return nil, errors.New("compare revisions: not in a git repository: run it inside one, or name two files or folders")
		}
		return nil, err
	}
	bare, prefix, _ := strings.Cut(string(out), "\n")
	r.prefix = strings.TrimSuffix(strings.TrimSuffix(prefix, "\n"), "/")
	if bare == "true" {
		return r, nil
	}
	if out, err = r.run(ctx, "rev-parse", "--show-toplevel"); err != nil {
		return nil, err
	}
	r.top = filepath.FromSlash(strings.TrimSuffix(string(out), "\n"))
	return r, nil
}

// Commit returns the id of the commit that a revision names. The error is an
// [UnknownError] when there is none.
func (r *Repository) Commit(ctx context.Context, name string) (string, error) {
	out, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	unknown := &UnknownError{Name: name}
	if out, err := r.run(ctx, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"); err == nil {
		unknown.Near = lint.Nearest(name, strings.Fields(string(out)))
	}
	if out, err := r.run(ctx, "rev-parse", "--is-shallow-repository"); err == nil {
		unknown.Shallow = strings.TrimSpace(string(out)) == "true"
	}
	return "", unknown
}

// MergeBase returns the best common ancestor of two commits.
func (r *Repository) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := r.run(ctx, "merge-base", "--end-of-options", a, b)
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	hint := ""
	if out, err := r.run(ctx, "rev-parse", "--is-shallow-repository"); err == nil && strings.TrimSpace(string(out)) == "true" {
		hint = " in this shallow clone: `git fetch --unshallow`, or fetch-depth: 0 in CI, gets the rest"
	}
	return "", fmt.Errorf("compare revisions: the two have no common ancestor%s", hint)
}

// Inside returns a path of the current folder as the repository names it, with
// slashes from its top, "." for all of it.
func (r *Repository) Inside(name string) (string, error) {
	outside := fmt.Errorf("compare revisions: %s is outside the repository", name)
	if !filepath.IsAbs(name) {
		in := path.Join(r.prefix, filepath.ToSlash(name))
		if in == ".." || strings.HasPrefix(in, "../") {
			return "", outside
		}
		return path.Clean(in), nil
	}
	if r.top == "" {
		return "", outside
	}
	real := name
	if dir, err := filepath.EvalSymlinks(name); err == nil {
		real = dir
	}
	in, err := filepath.Rel(r.top, real)
	if err != nil || in == ".." || strings.HasPrefix(in, ".."+string(filepath.Separator)) {
		return "", outside
	}
	return filepath.ToSlash(in), nil
}

// command prepares a call of git. Messages are in English whatever the locale.
func (r *Repository) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, r.git, args...)
	c.Dir = r.dir
	c.Env = append(os.Environ(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0")
	return c
}

// run calls git and returns what it prints. An error repeats what git says.
func (r *Repository) run(ctx context.Context, args ...string) ([]byte, error) {
	c := r.command(ctx, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return nil, gitError(args[0], err, errs.String())
	}
	return out.Bytes(), nil
}

func gitError(what string, err error, said string) error {
	said, _, _ = strings.Cut(strings.TrimSpace(said), "\n")
	if said = strings.TrimPrefix(said, "fatal: "); said != "" {
		return fmt.Errorf("git %s: %s", what, said)
	}
	return fmt.Errorf("git %s: %w", what, err)
}

// Root returns the path from the current folder to the top of the repository:
// ".", "..", "../..".
func (r *Repository) Root() string {
	if r.prefix == "" {
		return "."
	}
	return strings.TrimSuffix(strings.Repeat("../", strings.Count(r.prefix, "/")+1), "/")
}
