package envoy

import "github.com/grpcroute/grpcroute/manifest"

// lost says what of a field Envoy cannot be told.
func (w *writer) lost(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	w.notes.Lost(doc, path, format, args...)
}

// depends says what the result depends on.
func (w *writer) depends(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	w.notes.Depends(doc, path, format, args...)
}
