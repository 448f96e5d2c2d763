package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/internal/revision"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

// diffSide is one of the two things that diff compares, read and compiled.
type diffSide struct {
	side   simulate.DiffSide
	set    *manifest.Set
	tables []*routing.Table
	notes  []string
	absent []string // paths of -f that a revision does not have
	unread []string // files of a revision that could not be read, and why
}

// sideSpec is a side as it is named: a path, or a commit of a revision.
type sideSpec struct {
	label, path, commit string
}

// sides reads what is compared. The error stands alone when there is nothing to
// compare, and beside the pairs when some of the input could not be read.
func (o *diffOptions) sides() ([][2]*diffSide, error) {
	if err := o.Input.configure(); err != nil {
		return nil, err
	}
	if o.Profiles != nil {
		return o.profileSides()
	}
	r := &revisionReader{o: o}
	old, now, err := r.specs()
	if err != nil {
		return nil, err
	}
	if len(o.Input.Files) > 0 && old.commit == "" && now.commit == "" {
		return nil, usagef("-f %s: two paths are compared whole; -f is for revisions and --profiles", o.Input.Files[0])
	}
	a, err1 := r.read(old, now.path)
	if a == nil {
		return nil, err1
	}
	b, err2 := r.read(now, old.path)
	if b == nil {
		return nil, err2
	}
	for _, path := range a.absent {
		if now.commit != "" && slices.Contains(b.absent, path) {
			return nil, usagef("-f %s: neither %s nor %s has such a path", path, old.label, now.label)
		}
	}
	return [][2]*diffSide{{a, b}}, errors.Join(err1, err2)
}

// profileSides resolves one input for each implementation.
func (o *diffOptions) profileSides() ([][2]*diffSide, error) {
	in := o.Input
	in.Files = append(slices.Clone(in.Files), o.Args...)
	set, unread := in.load(o.Streams, o.Command)
	if set == nil {
		return nil, unread
	}
	var all []*diffSide
	for _, name := range o.Profiles {
		in.Profile = name
		// As built is asked of those implementations that differ from it.
		in.AsBuilt = o.Input.AsBuilt && slices.Contains(withAsBuilt(), name)
		s, err := in.compile(set, name)
		if err != nil {
			return nil, err
		}
		s.side.Files, s.side.Chosen = in.Files, true
		all = append(all, s)
	}
	var pairs [][2]*diffSide
	for _, other := range all[1:] {
		pairs = append(pairs, [2]*diffSide{all[0], other})
	}
	return pairs, unread
}

// compile makes the tables of a set.
func (o *inputOptions) compile(set *manifest.Set, label string) (*diffSide, error) {
	topologies, err := o.topologies(set)
	if err != nil {
		return nil, err
	}
	s := &diffSide{side: simulate.DiffSide{Label: label, Chosen: o.Profile != autoProfile}, set: set}
	for _, t := range topologies {
		s.tables = append(s.tables, routing.Compile(t))
		s.side.Profiles = append(s.side.Profiles, t.Profile.Name)
	}
	refused, err := o.refusals(set)
	if err != nil {
		return nil, err
	}
	for _, doc := range set.Documents {
		if message, ok := refused[doc]; ok {
			s.notes = append(s.notes, fmt.Sprintf("the API server would refuse %s (%s): %s", doc.Ref, doc.Range(), message))
		}
	}
	return s, nil
}

// revisionReader tells paths from revisions and reads both.
type revisionReader struct {
	o    *diffOptions
	repo *revision.Repository
}

// specs takes the command line apart.
func (r *revisionReader) specs() (old, now sideSpec, err error) {
	args := r.o.Args
	switch len(args) {
	case 1:
		return r.span(args[0])
	case 2:
		if old, err = r.spec(args[0]); err == nil {
			now, err = r.spec(args[1])
		}
		return old, now, err
	case 0:
		return old, now, usagef("nothing to compare: name OLD and NEW, as in `%s before.yaml after.yaml` or `%s main..HEAD`", r.o.Command, r.o.Command)
	}
	return old, now, usagef("expected OLD and NEW, got %d arguments: several paths of two revisions are named with -f", len(args))
}

// span reads OLD..NEW and OLD...NEW, as git log and git diff do; what is left
// out is HEAD.
func (r *revisionReader) span(text string) (old, now sideSpec, err error) {
	from, to, ok := strings.Cut(text, "..")
	if _, err := os.Lstat(text); err == nil || !ok {
		return old, now, usagef("compare %s with what? name OLD and NEW, or a range of revisions as main..HEAD", text)
	}
	to, fork := strings.CutPrefix(to, ".")
	for _, end := range []*string{&from, &to} {
		if *end == "" {
			*end = "HEAD"
		}
	}
	if old, err = r.revision(from); err == nil {
		now, err = r.revision(to)
	}
	if err == nil && fork {
		old.label = "merge-base(" + from + "," + to + ")"
		old.commit, err = r.repo.MergeBase(context.Background(), old.commit, now.commit)
	}
	return old, now, err
}

// spec reads a side that is a path if there is one, or else a revision.
func (r *revisionReader) spec(text string) (sideSpec, error) {
	if text == "-" {
		return sideSpec{label: text, path: text}, nil
	}
	if _, err := os.Lstat(text); err == nil || text == "" {
		return sideSpec{label: text, path: text}, nil
	}
	s, err := r.revision(text)
	if err != nil {
		return s, fmt.Errorf("no file or folder %q, and as a revision: %w", text, err)
	}
	return s, nil
}

func (r *revisionReader) revision(name string) (s sideSpec, err error) {
	ctx := context.Background()
	if r.repo == nil {
		if r.repo, err = revision.Open(ctx, ""); err != nil {
			return s, err
		}
	}
	s = sideSpec{label: name}
	s.commit, err = r.repo.Commit(ctx, name)
	return s, err
}

// read reads a side; beside is the path that a revision is compared with, if any.
func (r *revisionReader) read(s sideSpec, beside string) (*diffSide, error) {
	in := r.o.Input
	if s.commit != "" {
		return r.readRevision(s, beside)
	}
	in.Files = []string{s.path}
	set, unread := in.load(r.o.Streams, r.o.Command)
	if set == nil {
		return nil, unread
	}
	out, err := in.compile(set, s.label)
	if err != nil {
		return nil, err
	}
	if s.path != "-" {
		out.side.Files = in.Files
	}
	return out, unread
}

func (r *revisionReader) readRevision(s sideSpec, beside string) (*diffSide, error) {
	in := &r.o.Input
	selected := slices.Clone(in.Files)
	if len(selected) == 0 && beside != "" && beside != "-" {
		if _, err := r.repo.Inside(beside); err == nil {
			selected = []string{beside}
		}
	}
	selection := revision.Selection{NonRecursive: !in.Recursive}
	for _, name := range selected {
		if name == "-" {
			return nil, usagef("-f -: a revision has no standard input")
		}
		inside, err := r.repo.Inside(name)
		if err != nil {
			return nil, usage(err)
		}
		selection.Paths = append(selection.Paths, inside)
	}
	var unread []string
	selection.Left = func(name, why string) { unread = append(unread, name+" "+why) }
	files, absent, err := r.repo.Files(context.Background(), s.commit, s.label, selection)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f *manifest.File) bool { return r.excluded(f, s.label, selected) })
	resources, err := r.resources(s, files, selection.Paths)
	if err != nil {
		return nil, err
	}
	files = append(resources, files...)
	out, err := in.compile(manifest.Read(files, manifest.Options{Namespace: in.Namespace}), s.label)
	if err != nil {
		return nil, err
	}
	out.absent, out.unread = absent, unread
	if out.side.Files = selected; len(selected) == 0 {
		out.side.Files = []string{r.repo.Root()}
	}
	return out, nil
}

// resources reads what the configuration adds to the paths that are selected;
// without any, the whole revision is read already.
func (r *revisionReader) resources(s sideSpec, files []*manifest.File, selected []string) ([]*manifest.File, error) {
	if len(selected) == 0 {
		return nil, nil
	}
	p := past{repo: r.repo, commit: s.commit, label: s.label, config: &r.o.Input.Config, seen: map[string]bool{}}
	for _, f := range files {
		p.seen[strings.TrimPrefix(f.Name, s.label+":")] = true
	}
	return p.resources(context.Background())
}

// excluded reports whether the configuration leaves out a file of a revision,
// which nobody selected by its name.
func (r *revisionReader) excluded(f *manifest.File, label string, selected []string) bool {
	name := strings.TrimPrefix(f.Name, label+":")
	named := func(path string) bool {
		inside, err := r.repo.Inside(path)
		return err == nil && (inside == name || r.o.Input.Config.excluded(path) && strings.HasPrefix(name, inside+"/"))
	}
	return r.o.Input.Config.excluded(filepath.Join(r.repo.Root(), filepath.FromSlash(name))) && !slices.ContainsFunc(selected, named)
}

// badManifests are the errors of what was read, each file once.
func badManifests(pairs [][2]*diffSide) error {
	var errs []error
	seen := map[*manifest.Set]bool{}
	for _, pair := range pairs {
		for _, s := range pair {
			if !seen[s.set] {
				seen[s.set] = true
				errs = append(errs, problems(s.set))
			}
		}
	}
	return errors.Join(errs...)
}
