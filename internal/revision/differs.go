package revision

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
)

// Differs reports whether files or folders of the current folder are other ones
// than in a commit: changed, gone or new. Paths outside of the repository, and
// files that git ignores, have no past and do not differ.
func (r *Repository) Differs(ctx context.Context, commit string, paths []string) (bool, error) {
	var inside []string
	for _, p := range paths {
		if _, err := r.Inside(p); err == nil {
			inside = append(inside, p)
		}
	}
	if inside == nil {
		return false, nil
	}
	var said bytes.Buffer
	diff := r.command(ctx, append([]string{"--literal-pathspecs", "diff", "--quiet", "--no-ext-diff", commit, "--"}, inside...)...)
	diff.Stderr = &said
	err := diff.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return true, nil
	case err != nil:
		return false, gitError("diff", err, said.String())
	}
	fresh, err := r.run(ctx, append([]string{"--literal-pathspecs", "ls-files", "--others", "--exclude-standard", "--"}, inside...)...)
	return len(fresh) > 0, err
}
