// Package admin shows people and programs what a running proxy does: metrics,
// health, the table it routes by, an explanation of any call, and a page that puts
// them together. It changes nothing: what is served is decided elsewhere.
package admin

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/routing"
)

// Options are what an [Admin] shows.
type Options struct {
	// Tables returns the tables that calls are routed by now, one per
	// implementation.
	Tables func() []*routing.Table
	// Listeners returns what clients can connect to now.
	Listeners func() []Listener
	// Stats returns the figures of the moment.
	Stats func() proxy.Stats
	// XDS returns who is connected to the xDS server; nil when there is none.
	XDS func() []XDSClient
	// Explain answers with JSON where a call goes and why; an error is the
	// caller's.
	Explain func(Call) ([]byte, error)
}

// Listener is a socket and what it stands for.
type Listener struct {
	Gateway string `json:"gateway"` // "NS/NAME"
	Port    int32  `json:"port"`    // of the Gateway's listeners
	TLS     bool   `json:"tls"`
	Address string `json:"address"` // HOST:PORT
}

// Call is a call that somebody wants explained, as explain takes it on the command
// line, or a witness.
type Call struct {
	Target  string   // "[AUTHORITY]/SERVICE/METHOD"; "" with Witness
	Headers []string // "name: value"
	Gateway string
	Port    int32
	SNI     string
	Witness *diag.Witness
}

// Admin answers requests about a proxy. Its zero value is not usable; see [New].
type Admin struct {
	options Options
	metrics *metrics
	ready   atomic.Bool
	mux     http.ServeMux
}

// New returns an Admin.
func New(o Options) *Admin {
	a := &Admin{options: o, metrics: newMetrics(o.Stats)}
	if o.XDS != nil {
		a.metrics.registry.MustRegister(&xdsClients{o.XDS})
	}
	a.mux.HandleFunc("GET /{$}", servePage)
	a.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") })
	a.mux.HandleFunc("GET /readyz", a.serveReady)
	a.mux.Handle("GET /metrics", a.metrics.handler())
	a.mux.HandleFunc("GET /table", a.serveTable)
	a.mux.HandleFunc("GET /calls", a.serveCalls)
	a.mux.HandleFunc("GET /explain", a.serveExplain)
	a.mux.HandleFunc("POST /explain", a.serveWitness)
	return a
}

// Done counts a call that has ended. It fits [proxy.Options].
func (a *Admin) Done(r *proxy.Record) { a.metrics.done(r) }

// Reloaded counts an attempt to take changed manifests.
func (a *Admin) Reloaded(taken bool) { a.metrics.reloaded(taken) }

// SetReady says whether calls are served, which /readyz answers.
func (a *Admin) SetReady(ready bool) { a.ready.Store(ready) }

// ServeHTTP answers a request. One whose Host is a name other than localhost is
// refused, so that no web page can reach the proxy by rebinding its own name.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !local(r.Host) {
		writeText(w, http.StatusMisdirectedRequest, "ask for an IP address or localhost, not "+r.Host+"\n")
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	a.mux.ServeHTTP(w, r)
}

func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost")
}

func (a *Admin) serveReady(w http.ResponseWriter, _ *http.Request) {
	if a.ready.Load() {
		writeText(w, http.StatusOK, "ready\n")
		return
	}
	writeText(w, http.StatusServiceUnavailable, "not ready\n")
}

// serveExplain takes a call from the query: call, header (repeated), gateway, port
// and sni, as the flags of explain.
func (a *Admin) serveExplain(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	call := Call{Target: q.Get("call"), Headers: q["header"], Gateway: q.Get("gateway"), SNI: q.Get("sni")}
	if text := q.Get("port"); text != "" {
		if err := json.Unmarshal([]byte(text), &call.Port); err != nil {
			writeError(w, errors.New("port "+text+" is not a number"))
			return
		}
	}
	if call.Target == "" {
		writeError(w, errors.New("no call given: ask for /explain?call=grpc.example.com/pkg.Service/Method"))
		return
	}
	a.explain(w, call)
}

// serveWitness takes a call as a witness in JSON.
func (a *Admin) serveWitness(w http.ResponseWriter, r *http.Request) {
	var witness diag.Witness
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&witness); err != nil {
		writeError(w, errors.New("the body is no request as lint -o json prints it: "+err.Error()))
		return
	}
	a.explain(w, Call{Witness: &witness})
}

func (a *Admin) explain(w http.ResponseWriter, c Call) {
	answer, err := a.options.Explain(c)
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer) // the client may be gone
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text)) // the client may be gone
}

func writeError(w http.ResponseWriter, err error) {
	w.WriteHeader(http.StatusBadRequest)
	writeJSON(w, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the client may be gone
}
