package revision

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
)

// Selection says which files of a revision are read.
type Selection struct {
	// Paths are files and folders as [Repository.Inside] names them; none means the
	// whole repository. A file is taken by any name, files of a folder by extension.
	Paths        []string
	NonRecursive bool // folders: take only the files directly inside
	// Left, when set, is told of files that are selected and cannot be read from the
	// commit alone, and why.
	Left func(name, why string)
}

func (s *Selection) left(label, name, why string) {
	if s.Left != nil {
		s.Left(label+":"+name, why)
	}
}

// blob is a file of a revision, or a symbolic link.
type blob struct {
	id, name string
	link     bool
}

// lfsPointer begins what Git LFS keeps in a commit instead of a file.
const lfsPointer = "version https://git-lfs.github.com/spec/"

// Files reads the selected files of a commit; label stands before their names,
// as in "main:deploy/route.yaml", in the order in which [manifest.Load] reads them.
// Links are not followed, see Selection.Left; submodules are left out. absent are
// the paths of the selection that the commit does not have.
func (r *Repository) Files(ctx context.Context, commit, label string, s Selection) (files []*manifest.File, absent []string, err error) {
	out, err := r.run(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, nil, err
	}
	if len(s.Paths) == 0 {
		s.Paths = []string{"."}
	}
	found := make([]bool, len(s.Paths))
	var blobs []blob
	for entry := range strings.SplitSeq(string(out), "\x00") {
		b, ok := blobOf(entry)
		if !ok {
			continue
		}
		taken := false
		for i, p := range s.Paths {
			here, take := s.takes(p, b.name)
			found[i] = found[i] || here
			taken = taken || take
		}
		switch {
		case taken && b.link:
			s.left(label, b.name, "is a symbolic link, which is not followed")
		case taken:
			blobs = append(blobs, b)
		}
	}
	slices.SortFunc(blobs, func(a, b blob) int {
		return slices.Compare(strings.Split(a.name, "/"), strings.Split(b.name, "/"))
	})
	for i, p := range s.Paths {
		if !found[i] && p != "." {
			absent = append(absent, p)
		}
	}
	files, err = r.read(ctx, label, blobs)
	for i, f := range files {
		if bytes.HasPrefix(f.Data, []byte(lfsPointer)) {
			s.left(label, blobs[i].name, "is in Git LFS, and the commit holds a pointer to it only")
		}
	}
	return files, absent, err
}

// blobOf reads an entry of ls-tree: "100644 blob ID\tNAME".
func blobOf(entry string) (blob, bool) {
	about, name, ok := strings.Cut(entry, "\t")
	fields := strings.Fields(about)
	if !ok || len(fields) != 3 || fields[1] != "blob" {
		return blob{}, false
	}
	return blob{fields[2], name, fields[0] == "120000"}, true
}

// takes reports whether a file is at or below a path, and whether it is read.
// Hidden folders below a path are left out, as in the work tree.
func (s *Selection) takes(selected, name string) (here, take bool) {
	if name == selected {
		return true, true
	}
	below := name
	if selected != "." {
		if below, here = strings.CutPrefix(name, selected+"/"); !here {
			return false, false
		}
	}
	dir, file := path.Split(below)
	if s.NonRecursive && dir != "" || !manifest.IsManifestName(file) {
		return true, false
	}
	return true, !strings.HasPrefix(dir, ".") && !strings.Contains(dir, "/.")
}

// read fetches the contents of files through one process.
func (r *Repository) read(ctx context.Context, label string, blobs []blob) ([]*manifest.File, error) {
	if len(blobs) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := r.command(ctx, "cat-file", "--batch")
	var ids strings.Builder
	for _, b := range blobs {
		ids.WriteString(b.id + "\n")
	}
	var errs bytes.Buffer
	c.Stdin, c.Stderr = strings.NewReader(ids.String()), &errs
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	files, err := contents(out, label, blobs)
	if err != nil {
		cancel()
		_ = c.Wait() // it was ended because of err
		return nil, err
	}
	if err := c.Wait(); err != nil {
		return nil, gitError("cat-file", err, errs.String())
	}
	return files, nil
}

// contents reads what cat-file --batch writes: for each file a line "ID blob
// SIZE", its bytes and a newline.
func contents(out io.Reader, label string, blobs []blob) ([]*manifest.File, error) {
	in := bufio.NewReader(out)
	files := make([]*manifest.File, 0, len(blobs))
	for _, b := range blobs {
		name := label + ":" + b.name
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read %s: git ended early: %w", name, err)
		}
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[1] != "blob" {
			return nil, fmt.Errorf("read %s: git says %q", name, strings.TrimSpace(line))
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read %s: git says %q", name, strings.TrimSpace(line))
		}
		if size > manifest.MaxFileBytes {
			return nil, fmt.Errorf("read %s: the file is larger than the %d MiB that are read", name, manifest.MaxFileBytes>>20)
		}
		data := make([]byte, size+1)
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, fmt.Errorf("read %s: git ended early: %w", name, err)
		}
		files = append(files, &manifest.File{Name: name, Data: data[:size:size]})
	}
	return files, nil
}
