package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/grpcroute/grpcroute/proxy"
	"github.com/grpcroute/grpcroute/proxy/admin"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/simulate"
)

func (s *serving) tables() []*routing.Table { return s.gateway.Tables() }

func (s *serving) stats() proxy.Stats { return s.gateway.Stats() }

func (s *serving) listeners() (out []admin.Listener) {
	for _, k := range s.gateway.Sockets() {
		out = append(out, admin.Listener{Gateway: k.Gateway, Port: k.Port, TLS: k.TLS, Address: k.Address})
	}
	return out
}

// explain answers as the command explain does with -o json.
func (s *serving) explain(c admin.Call) ([]byte, error) {
	call := simulate.Call{Target: c.Target, Headers: c.Headers, Gateway: c.Gateway, Port: c.Port, SNI: c.SNI}
	if c.Witness != nil {
		call = simulate.CallFromWitness(*c.Witness)
	}
	x, err := simulate.ExplainAll(s.tables(), call)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = render.ExplainJSON(&b, x)
	return b.Bytes(), err
}

// serveAdmin opens the address of --admin.
func (s *serving) serveAdmin() error {
	if s.options.Admin == "" {
		return nil
	}
	l, err := net.Listen("tcp", s.options.Admin)
	if err != nil {
		return fmt.Errorf("listen for --admin: %w", err)
	}
	s.url = "http://" + l.Addr().String() + "/"
	if host, _, err := net.SplitHostPort(l.Addr().String()); err == nil && !net.ParseIP(host).IsLoopback() {
		s.log.Warn("--admin is open to other machines, and asks for no password", slog.String("address", l.Addr().String()))
	}
	s.web = &http.Server{Handler: s.admin, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	go func() {
		if err := s.web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve --admin: %w", err)
		}
	}()
	return nil
}

// close ends what runs beside the gateway.
func (s *serving) close() {
	if s.gateway != nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.gateway.Close(ctx) // it has been drained
	}
	if s.web != nil {
		_ = s.web.Close() // nothing is left to say
	}
	if s.mocks != nil {
		s.mocks.Close()
	}
	if s.calls != nil {
		s.calls.Close()
		if n := s.calls.Dropped(); n > 0 {
			s.log.Warn("the access log could not keep up", slog.Uint64("dropped", n))
		}
	}
}
