// Package follow tells when files and folders may have changed, as editors,
// checkouts and mounted ConfigMaps change them. It says when, not what: who asks
// reads again.
package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// An edit is over after so much silence, and is told of no later than so.
const (
	settle  = 100 * time.Millisecond
	longest = time.Second
)

// Follower watches paths.
type Follower struct {
	// Changes has a value when something changed since the last was taken.
	Changes   <-chan struct{}
	changes   chan struct{}
	paths     []string
	recursive bool
	watcher   *fsnotify.Watcher
	folders   map[string]bool // true: anything in it counts
	names     map[string]bool // what counts elsewhere
}

// New watches files and folders, with recursive those below as well. It begins
// with the call: a change that comes later is told of.
func New(paths []string, recursive bool) (*Follower, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	changes := make(chan struct{}, 1)
	f := &Follower{Changes: changes, changes: changes, recursive: recursive, watcher: w}
	for _, path := range paths {
		f.paths = append(f.paths, filepath.Clean(path))
	}
	if err := f.scan(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	go f.run()
	return f, nil
}

// Close ends the watch. No value comes afterwards.
func (f *Follower) Close() error { return f.watcher.Close() }

// scan works out what to watch now, and watches it.
func (f *Follower) scan() error {
	old := f.folders
	f.folders, f.names = map[string]bool{}, map[string]bool{}
	for _, path := range f.paths {
		f.name(path, 0)
	}
	var errs []error
	for folder := range f.folders {
		// Adding again costs little, and finds a folder that was replaced.
		if err := f.watcher.Add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("watch %s: %w", folder, err))
		}
	}
	for folder := range old {
		if _, ok := f.folders[folder]; !ok {
			_ = f.watcher.Remove(folder) // it may be gone
		}
	}
	return errors.Join(errs...)
}

// maxLinks bounds chains of symbolic links.
const maxLinks = 16

// name watches a path in its folder, because editors put another file in its
// place, and where it leads.
func (f *Follower) name(path string, links int) {
	f.names[path] = true
	folder := filepath.Dir(path)
	if _, ok := f.folders[folder]; !ok {
		f.folders[folder] = false // for the names in it alone
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil || links > maxLinks:
	case info.Mode()&fs.ModeSymlink != 0:
		f.link(path, links)
		if at, err := os.Stat(path); err == nil && at.IsDir() {
			f.folder(path, links)
		}
	case info.IsDir():
		f.folder(path, links)
	}
}

// link watches what a symbolic link leads to, and the links on the way there.
func (f *Follower) link(path string, links int) {
	to, err := os.Readlink(path)
	if err != nil {
		return
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(path), to)
	}
	// Of a path through a linked folder (a mounted ConfigMap's ..data) the folder's
	// link is what changes.
	folder := filepath.Dir(to)
	if info, err := os.Lstat(folder); err == nil && info.Mode()&fs.ModeSymlink != 0 && !f.names[folder] {
		f.name(folder, links+1)
	}
	if !f.names[to] {
		f.name(to, links+1)
	}
}

// folder watches a folder and those below.
func (f *Follower) folder(path string, links int) {
	if f.folders[path] {
		return
	}
	f.folders[path] = true
	entries, err := os.ReadDir(path)
	if err != nil {
		return
	}
	for _, e := range entries {
		at := filepath.Join(path, e.Name())
		switch {
		case e.Type()&fs.ModeSymlink != 0 && !strings.HasPrefix(e.Name(), "."):
			if info, err := os.Stat(at); err == nil && (f.recursive || !info.IsDir()) && !f.names[at] && links < maxLinks {
				f.name(at, links+1)
			}
		case e.IsDir() && f.recursive && !strings.HasPrefix(e.Name(), "."):
			f.folder(at, links)
		}
	}
}

// counts reports whether an event may concern what is followed.
func (f *Follower) counts(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return f.names[e.Name]
	}
	return f.names[e.Name] || f.folders[filepath.Dir(e.Name)] || f.folders[e.Name]
}

// run gathers events until there is silence.
func (f *Follower) run() {
	var due <-chan time.Time
	var first time.Time
	pending := func() {
		now := time.Now()
		if due == nil {
			first = now
		}
		due = time.After(min(settle, max(0, longest-now.Sub(first))))
	}
	for {
		select {
		case e, ok := <-f.watcher.Events:
			if !ok {
				return
			}
			if f.counts(e) {
				pending()
			}
		case _, ok := <-f.watcher.Errors:
			if !ok {
				return
			}
			pending() // events were lost: anything may have changed
		case <-due:
			due = nil
			_ = f.scan() // what cannot be watched now is tried with the next change
			select {
			case f.changes <- struct{}{}:
			default:
			}
		}
	}
}
