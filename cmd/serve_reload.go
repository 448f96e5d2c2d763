package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/internal/follow"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/proxy/admin"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/grpcroute/grpcroute/translate/cloudflare"
)

// running is what serve serves at the moment.
type running struct {
	o       *serveOptions
	tell    *teller
	gateway *local.Gateway
	set     *manifest.Set
	tables  []*routing.Table
	// refused are the objects that the API server would not take, with what it says.
	refused map[string]string
	objects map[string][sha256.Size]byte          // what each object says
	dials   map[*topology.Backend]cloudflare.Dial // of a proxy's configuration
	admin   *admin.Admin
	open    atomic.Pointer[local.Gateway] // gateway, for mocks, which other goroutines ask
	control *control                      // of --xds, or nil
}

// stop says what kept everything from being served, and closes what is open.
func (r *running) stop() error {
	var errs []error
	for _, note := range r.gateway.Notes() {
		errs = append(errs, errors.New(note))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.gateway.Shutdown(ctx) // nothing is in flight
	return errors.Join(errs...)
}

// read takes over a set, unless it is an edit that blocks a Gateway's table.
func (r *running) read(set *manifest.Set) error {
	tables, err := r.o.tables(set)
	if err != nil {
		return err
	}
	refused, err := r.refusals(set)
	if err != nil {
		return err
	}
	if r.set != nil {
		if err := newlyBlocked(r.tables, tables); err != nil {
			return err
		}
	}
	r.set, r.tables, r.refused, r.objects = set, tables, refused, contents(set)
	return nil
}

// newlyBlocked says which Gateways would take no update any more, as their
// implementations do once a pattern does not compile. One that was blocked before
// does not count: there is nothing good to keep.
func newlyBlocked(old, now []*routing.Table) error {
	before := map[string]bool{}
	for _, s := range blockedServers(old) {
		before[s.String()] = true
	}
	var errs []error
	for _, s := range blockedServers(now) {
		if !before[s.String()] {
			errs = append(errs, fmt.Errorf("%s would take no update: %s", s, s.Blocked()))
		}
	}
	return errors.Join(errs...)
}

func blockedServers(tables []*routing.Table) (out []*routing.Server) {
	for _, t := range tables {
		for _, s := range t.Servers {
			if s.Service == "" && s.Blocked() != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// refusals returns what the API server says of the objects that it would not take.
func (r *running) refusals(set *manifest.Set) (map[string]string, error) {
	refused, err := r.o.Input.refusals(set)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for doc, message := range refused {
		out[doc.Ref.String()] = fmt.Sprintf("the API server would refuse %s (%s): %s", doc.Ref, doc.Range(), message)
	}
	return out, nil
}

// tellRefused names the objects that are served although the API server would not
// take them as they stand.
func (r *running) tellRefused() {
	for _, ref := range slices.Sorted(maps.Keys(r.refused)) {
		r.tell.warnf("%s", r.refused[ref])
	}
}

// reload serves what the files say now. An edit that is broken changes nothing.
func (r *running) reload() {
	if r.o.Config != "" {
		r.reloadConfig()
		return
	}
	set, err := r.load()
	if err != nil {
		r.refuse(err)
		return
	}
	now := contents(set)
	changes := changed(r.objects, now)
	if len(changes) == 0 {
		return
	}
	if err := r.read(set); err != nil {
		r.refuse(err)
		return
	}
	r.admin.Reloaded(true)
	if _, err := r.o.backends(r.tables); err != nil {
		r.tell.warnf("%v", err)
	}
	r.update(changes)
	if err := r.control.update(r.tables); err != nil {
		r.tell.errorf("%v", err)
	}
	r.control.say()
}

// update serves the tables that were read, and says so. There is no Gateway where
// xDS alone is served.
func (r *running) update(changes []string) {
	said := "reloaded: " + strings.Join(changes, ", ")
	if r.gateway == nil {
		r.tell.infof("%s", said)
		r.tellRefused()
		r.tellTables()
		return
	}
	before := r.gateway.Sockets()
	if err := r.gateway.Update(r.tables); err != nil {
		r.tell.errorf("%v", err)
	}
	r.tell.infof("%s", said)
	r.tell.listening(without(r.gateway.Sockets(), before))
	r.tellRefused()
	r.o.tellTrouble(r.tell, r.gateway, r.tables)
}

// without returns the sockets that are not among others, as they are told of.
func without(sockets, others []local.Socket) []local.Socket {
	return slices.DeleteFunc(sockets, func(s local.Socket) bool {
		return slices.ContainsFunc(others, func(o local.Socket) bool { return o.Address == s.Address && socketLine(o) == socketLine(s) })
	})
}

// refuse says why an edit is not served.
func (r *running) refuse(err error) {
	r.admin.Reloaded(false)
	r.tell.errorf("%v", err)
	r.tell.errorf("the edit is not served: what was served before still is")
}

// load reads the files, and says what makes an edit a broken one: what cannot be
// read, an object that the API server would newly refuse, and the loss of every
// route.
func (r *running) load() (*manifest.Set, error) {
	set, err := r.o.Input.load(r.o.Streams, r.o.Command)
	if set == nil {
		return nil, err
	}
	if err := errors.Join(err, problems(set)); err != nil {
		return nil, err
	}
	refused, err := r.refusals(set)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, ref := range slices.Sorted(maps.Keys(refused)) {
		if r.refused[ref] == "" {
			errs = append(errs, errors.New(refused[ref]))
		}
	}
	if routes(r.set) > 0 && routes(set) == 0 {
		errs = append(errs, errors.New("no routes are left in the input"))
	}
	return set, errors.Join(errs...)
}

func routes(set *manifest.Set) int { return len(set.GRPCRoutes.All) + len(set.HTTPRoutes.All) }

// contents tells objects apart by what they say.
func contents(set *manifest.Set) map[string][sha256.Size]byte {
	out := map[string][sha256.Size]byte{}
	for _, d := range set.Documents {
		text, err := json.Marshal(d.Value)
		if err != nil {
			continue // what was read from YAML or JSON can be written
		}
		out[d.Ref.String()] = sha256.Sum256(text)
	}
	return out
}

// changed lists the objects in which two inputs differ.
func changed(old, now map[string][sha256.Size]byte) []string {
	var out []string
	for _, ref := range slices.Sorted(maps.Keys(now)) {
		was, ok := old[ref]
		switch {
		case !ok:
			out = append(out, "added "+ref)
		case was != now[ref]:
			out = append(out, "changed "+ref)
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[ref]; !ok {
			out = append(out, "removed "+ref)
		}
	}
	return out
}

// following is a watch, or none.
type following struct {
	changes <-chan struct{}
	close   func()
}

func (o *serveOptions) follow() (*following, error) {
	files := o.Input.Files
	if o.Config != "" {
		files = []string{o.Config}
	}
	if !o.Watch || len(files) == 0 {
		return &following{close: func() {}}, nil
	}
	f, err := follow.New(files, o.Input.Recursive)
	if err != nil {
		return nil, err
	}
	return &following{f.Changes, func() { _ = f.Close() }}, nil // nothing is written through it
}
