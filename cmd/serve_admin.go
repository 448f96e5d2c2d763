package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/admin"
	"github.com/grpcroute/grpcroute/proxy/local"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

// openAdmin prepares what --admin shows.
func (r *running) openAdmin() {
	options := admin.Options{
		Tables:    func() []*routing.Table { return r.gateway.Tables() },
		Stats:     func() proxy.Stats { return r.gateway.Stats() },
		Listeners: func() []admin.Listener { return listenersOf(r.gateway) },
		Explain:   r.explain,
	}
	if r.o.XDS.Address != "" {
		options.XDS = func() []admin.XDSClient { return r.control.clients() }
	}
	r.admin = admin.New(options)
}

func listenersOf(g *local.Gateway) (out []admin.Listener) {
	for _, s := range g.Sockets() {
		out = append(out, admin.Listener{Gateway: s.Gateway, Port: s.Port, TLS: s.TLS, Address: s.Address})
	}
	return out
}

// done returns who is told of each call: those that are wanted of the access log
// and the metrics.
func (r *running) done(log func(*proxy.Record)) func(*proxy.Record) {
	switch {
	case r.o.Admin == "":
		return log
	case log == nil:
		return r.admin.Done
	}
	return func(c *proxy.Record) { r.admin.Done(c); log(c) }
}

// explain answers as the command explain does with -o json.
func (r *running) explain(c admin.Call) ([]byte, error) {
	call := simulate.Call{Target: c.Target, Headers: c.Headers, Gateway: c.Gateway, Port: c.Port, SNI: c.SNI}
	if c.Witness != nil {
		call = simulate.CallFromWitness(*c.Witness)
	}
	x, err := simulate.ExplainAll(r.gateway.Tables(), call)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = render.ExplainJSON(&b, x)
	return b.Bytes(), err
}

// web is the server of --admin, or none.
type web struct {
	server *http.Server
	url    string
	open   bool // to other machines
	failed chan error
}

// serveAdmin opens the address of --admin.
func (r *running) serveAdmin() (*web, error) {
	w := &web{failed: make(chan error, 1)}
	if r.o.Admin == "" {
		return w, nil
	}
	socket, err := net.Listen("tcp", r.o.Admin)
	if err != nil {
		return nil, fmt.Errorf("listen for --admin: %w", err)
	}
	w.url = "http://" + socket.Addr().String() + "/"
	if a, ok := socket.Addr().(*net.TCPAddr); ok {
		w.open = !a.IP.IsLoopback()
	}
	w.server = &http.Server{Handler: r.admin, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		if err := w.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			w.failed <- fmt.Errorf("serve --admin: %w", err)
		}
	}()
	return w, nil
}

func (w *web) announce(tell *teller) {
	if w.server == nil {
		return
	}
	tell.infof("metrics, table and a page for people: %s", w.url)
	if w.open {
		tell.warnf("--admin is open to other machines and asks for no password: %s", w.url)
	}
}

func (w *web) close() {
	if w.server != nil {
		_ = w.server.Close() // nothing is left to say
	}
}
