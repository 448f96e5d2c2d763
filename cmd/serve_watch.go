package cmd

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// settle is how long files must be still before they are read: editors and git
// write several in a row.
const settle = 100 * time.Millisecond

// watcher tells when files below some paths may have changed.
type watcher struct {
	fs        *fsnotify.Watcher
	paths     []string
	recursive bool
	changes   chan struct{}
}

// watched lists what --watch looks at.
func (o *serveOptions) watched() []string {
	if o.Config != "" {
		return []string{o.Config}
	}
	return slices.Concat(o.Input.Files, o.Protos, o.DescriptorSets)
}

// watchFiles watches folders and, for files, the folders they are in: editors
// replace a file instead of writing it.
func watchFiles(paths []string, recursive bool) (*watcher, error) {
	inner, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{fs: inner, paths: paths, recursive: recursive, changes: make(chan struct{}, 1)}
	if err := w.add(); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	go w.run()
	return w, nil
}

// add watches every folder there is now. Watching one twice is watching it once.
func (w *watcher) add() error {
	for _, path := range w.paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			// A file that is just being replaced is not there.
			if err := w.fs.Add(filepath.Dir(path)); err != nil {
				return err
			}
			continue
		}
		err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || !d.IsDir():
				return nil //nolint:nilerr // what is gone needs no watching, and reading will tell of the rest
			case name != path && (!w.recursive || strings.HasPrefix(d.Name(), ".git")):
				return fs.SkipDir
			}
			return w.fs.Add(name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// run gathers events until it has been quiet for a while.
func (w *watcher) run() {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	for {
		select {
		case e, ok := <-w.fs.Events:
			switch {
			case !ok:
				return
			case e.Op != fsnotify.Chmod:
				quiet.Reset(settle)
			}
		case _, ok := <-w.fs.Errors:
			if !ok {
				return
			}
			quiet.Reset(settle) // events may be lost: look at everything
		case <-quiet.C:
			_ = w.add() // for new folders; what cannot be watched cannot be read either
			select {
			case w.changes <- struct{}{}:
			default: // one is waiting already
			}
		}
	}
}

func (w *watcher) close() { _ = w.fs.Close() }

// reload serves what the files say now. While they are broken the tables stay.
func (s *serving) reload() {
	next, err := s.options.load()
	before := s.loaded
	refuse := func(lines ...string) {
		for _, line := range lines {
			for one := range strings.Lines(line) {
				s.log.Error(strings.TrimRight(one, "\n"))
			}
		}
		s.log.Warn("the change is not served: the last good manifests are")
		s.admin.Reloaded(false)
	}
	if err != nil {
		refuse(err.Error())
		return
	}
	if next.same(before) {
		return
	}
	if broken := newlyWrong(before.wrong, next.wrong); len(broken) > 0 {
		refuse(broken...)
		return
	}
	if routeCount(next.tables) == 0 && routeCount(before.tables) > 0 {
		refuse("the manifests have no route any more")
		return
	}
	s.loaded = next
	if err := s.gateway.Update(next.tables); err != nil {
		s.loaded = before
		refuse(err.Error())
		return
	}
	s.admin.Reloaded(true)
	s.log.Info("reloaded", slog.String("changed", strings.Join(changedRoutes(before.tables, next.tables), ", ")))
	for _, note := range s.gateway.Notes() {
		s.log.Debug(note)
	}
}

// same reports whether nothing was changed: editors touch files.
func (l *loaded) same(o *loaded) bool {
	if l.set == nil || o.set == nil || len(l.set.Files) != len(o.set.Files) {
		return false
	}
	for i, f := range l.set.Files {
		if g := o.set.Files[i]; f.Name != g.Name || string(f.Data) != string(g.Data) {
			return false
		}
	}
	return true
}

// newlyWrong leaves out what was wrong before. Lines may have moved.
func newlyWrong(before, now []string) (out []string) {
	text := func(s string) string {
		_, rest, _ := strings.Cut(s, ": ")
		return rest
	}
	for _, w := range now {
		if !slices.ContainsFunc(before, func(b string) bool { return text(b) == text(w) }) {
			out = append(out, w)
		}
	}
	return out
}

func routeCount(tables []*routing.Table) (n int) {
	for _, t := range tables {
		n += len(t.Topology.Routes)
	}
	return n
}

// changedRoutes names the routes that were added, removed or changed.
func changedRoutes(before, now []*routing.Table) []string {
	index := func(tables []*routing.Table) map[string]*topology.Route {
		out := map[string]*topology.Route{}
		for _, t := range tables {
			for _, r := range t.Topology.Routes {
				out[r.Kind+" "+r.Key()] = r
			}
		}
		return out
	}
	old, fresh := index(before), index(now)
	var out []string
	for name, r := range fresh {
		switch o := old[name]; {
		case o == nil:
			out = append(out, "+"+name)
		case !reflect.DeepEqual(o.GRPC, r.GRPC) || !reflect.DeepEqual(o.HTTP, r.HTTP):
			out = append(out, name)
		}
	}
	for name := range old {
		if fresh[name] == nil {
			out = append(out, "-"+name)
		}
	}
	if len(out) == 0 {
		return []string{"other objects"}
	}
	slices.Sort(out)
	return out
}
