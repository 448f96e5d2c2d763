package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	stdinPath = "-"
	stdinName = "<stdin>"
)

// input is one file that will be read.
type input struct {
	path  string // as os.Open takes it; "-" for standard input
	name  string // as findings show it
	named bool   // given by the user, rather than found in a folder
	// resource: read for what others refer to; see Options.Resources.
	resource bool
}

// walker turns the paths of the command line into inputs, each real file once.
type walker struct {
	nonRecursive bool
	exclude      func(path string) bool
	whole        bool // the folder that was named is excluded itself: all of it is read
	inputs       []input
	seen         map[string]bool // real paths of files and folders taken
	errs         []error
}

// findInputs lists what Load reads: the paths in the order given, the files of a
// folder sorted by name as kubectl applies them. What cannot be read is in the
// errors. Resources come first, so that what is given replaces them; a file that
// is both is no resource.
func findInputs(paths []string, o Options) ([]input, []error) {
	w := &walker{nonRecursive: o.NonRecursive, exclude: o.Exclude, seen: map[string]bool{}}
	for _, path := range paths {
		w.named(path)
	}
	given := w.inputs
	w.inputs, w.nonRecursive = nil, false
	for _, path := range o.Resources {
		w.named(path)
	}
	for i := range w.inputs {
		w.inputs[i].resource = true
	}
	return append(w.inputs, given...), w.errs
}

func (w *walker) named(path string) {
	if path == stdinPath {
		if !w.seen[stdinPath] {
			w.seen[stdinPath] = true
			w.inputs = append(w.inputs, input{path: stdinPath, name: stdinName, named: true})
		}
		return
	}
	if path == "" {
		w.errs = append(w.errs, errors.New("read \"\": the path is empty"))
		return
	}
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	if err != nil {
		w.fail(path, err)
		return
	}
	if info.IsDir() {
		w.whole = w.exclude == nil || w.exclude(path)
		w.folder(path)
		return
	}
	// A pipe, as of process substitution, has no path of its own: it is always
	// another one.
	if !info.Mode().IsRegular() || w.first(realPath(path)) {
		w.inputs = append(w.inputs, input{path: path, name: path, named: true})
	}
}

// folder adds the manifests of a folder. Hidden folders below it (.git, and the
// ..data of mounted ConfigMaps) hold no manifests of their own.
func (w *walker) folder(dir string) {
	// A symbolic link may lead back up: each real folder is entered once.
	real := realPath(dir)
	if !w.first(real) {
		return
	}
	entries, err := os.ReadDir(dir) // sorted by name; what was read before an error counts
	if err != nil {
		w.fail(dir, err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !w.whole && w.exclude(path) {
			continue
		}
		if e.IsDir() || e.Type()&fs.ModeSymlink != 0 {
			w.entry(path, e.Name())
		} else if IsManifestName(e.Name()) && e.Type().IsRegular() {
			w.found(path, filepath.Join(real, e.Name()))
		}
	}
}

// entry adds a folder inside a folder, or what a symbolic link leads to.
func (w *walker) entry(path, name string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		// A dangling or looping link that is not called like a manifest is
		// nobody's concern here.
		if IsManifestName(name) {
			w.fail(path, err)
		}
	case info.IsDir():
		if !w.nonRecursive && !strings.HasPrefix(name, ".") {
			w.folder(path)
		}
	case info.Mode().IsRegular() && IsManifestName(name):
		w.found(path, realPath(path))
	}
}

// found adds a file of a folder.
func (w *walker) found(path, real string) {
	if w.first(real) {
		w.inputs = append(w.inputs, input{path: path, name: path})
	}
}

// first reports whether this real file or folder was not taken before.
func (w *walker) first(real string) bool {
	if w.seen[real] {
		return false
	}
	w.seen[real] = true
	return true
}

// realPath is the one name of a file that several paths lead to.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

func (w *walker) fail(path string, err error) {
	w.errs = append(w.errs, readError(path, err))
}

// readError says path and reason without the name of the system call.
func readError(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// IsManifestName reports whether a file found in a folder is read: its name ends
// in .yaml, .yml or .json.
func IsManifestName(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}

// readInput reads an input up to one byte more than MaxFileBytes, which tells
// the caller that there is too much.
func readInput(in input, stdin io.Reader) ([]byte, error) {
	if in.path == stdinPath {
		if stdin == nil {
			return nil, errors.New("read standard input: none is connected")
		}
		data, err := io.ReadAll(io.LimitReader(stdin, MaxFileBytes+1))
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return data, nil
	}
	f, err := os.Open(in.path)
	if err != nil {
		return nil, readError(in.path, err)
	}
	defer f.Close() // read only: nothing to lose
	var buf []byte
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		if info.Size() > MaxFileBytes {
			return nil, errTooLarge
		}
		buf = make([]byte, 0, info.Size()+1)
	}
	data, err := readAll(io.LimitReader(f, MaxFileBytes+1), buf)
	if err != nil {
		return nil, readError(in.path, err)
	}
	return data, nil
}

// errTooLarge tells that a regular file is larger than MaxFileBytes, without
// reading it.
var errTooLarge = errors.New("file too large")

// readAll appends everything to buf. Unlike io.ReadAll it takes a buffer of the
// right size, which halves the peak for large files.
func readAll(r io.Reader, buf []byte) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
