package lint

import (
	"cmp"
	"maps"
	"sync"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/manifest"
)

// Admission is the API server's verdict over a set.
type Admission struct {
	Server   *admission.Server
	Version  string // "1.6"
	Channel  string // "standard"
	Failures map[*manifest.Document][]admission.Failure

	mu sync.Mutex // of Failures, while documents are read
}

// NewAdmission returns a verdict over nothing yet, of the API server of a version
// and channel; "" means what it does in [Options]. The error is about them.
func NewAdmission(gatewayAPI, channel string) (*Admission, error) {
	if vs := admission.Versions(); gatewayAPI == "" && len(vs) > 0 {
		gatewayAPI = vs[len(vs)-1]
	}
	channel = cmp.Or(channel, "standard")
	server, err := admission.New(gatewayAPI, channel)
	if err != nil {
		return nil, err
	}
	return &Admission{
		Server: server, Version: gatewayAPI, Channel: channel,
		Failures: map[*manifest.Document][]admission.Failure{},
	}, nil
}

// Check asks the server about one document. It is meant for
// [manifest.Options.Check]; see [Reading.Watch].
func (a *Admission) Check(doc *manifest.Document, lent bool) {
	ask := a.Server.Check
	if lent {
		ask = a.Server.CheckLent
	}
	if failures := ask(doc); len(failures) > 0 {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.Failures[doc] = failures
	}
}

// forget drops what was said of a document, and reports whether anything was.
func (a *Admission) forget(doc *manifest.Document) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, said := a.Failures[doc]
	delete(a.Failures, doc)
	return said
}

func (a *Admission) failed(doc *manifest.Document) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.Failures[doc] != nil
}

// with returns the verdict for a set that holds more documents, of which some are
// asked about again.
func (a *Admission) with(again []*manifest.Document) *Admission {
	if len(again) == 0 {
		return a
	}
	b := &Admission{Server: a.Server, Version: a.Version, Channel: a.Channel, Failures: maps.Clone(a.Failures)}
	for _, doc := range again {
		b.Check(doc, false)
	}
	return b
}
