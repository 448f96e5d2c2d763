package cmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// newLogger returns what writes messages: lines for people, or JSON.
func newLogger(w io.Writer, format, level string) *slog.Logger {
	var least slog.Level
	_ = least.UnmarshalText([]byte(level)) // the flag allows levels only
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least}))
	}
	return slog.New(&lines{w: w, least: least})
}

// lines is a handler that writes a message as the rest of the tool does: without
// time, with the level only where it matters.
type lines struct {
	mu    sync.Mutex
	w     io.Writer
	least slog.Level
}

// Enabled reports whether a level is written.
func (h *lines) Enabled(_ context.Context, l slog.Level) bool { return l >= h.least }

// Handle writes a line.
func (h *lines) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if r.Level >= slog.LevelWarn {
		b.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

// WithAttrs is not used here.
func (h *lines) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup is not used here.
func (h *lines) WithGroup(string) slog.Handler { return h }
