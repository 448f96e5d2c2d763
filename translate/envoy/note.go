package envoy

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// noteKey keeps a diagnostic from being given twice, as for a rule that several
// hosts have.
type noteKey struct {
	severity diag.Severity
	message  string
	at       diag.Range
}

func (w *writer) note(severity diag.Severity, doc *manifest.Document, path manifest.Path, format string, args ...any) {
	d := diag.Diagnostic{Severity: severity, Message: fmt.Sprintf(format, args...)}
	if doc != nil {
		d.Range, d.Object, d.Field = doc.Range(path...), doc.Ref, path.String()
	}
	key := noteKey{severity, d.Message, d.Range}
	if !w.seen[key] {
		w.seen[key] = true
		w.notes = append(w.notes, d)
	}
}

// lost says what of a field Envoy cannot be told.
func (w *writer) lost(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	w.note(diag.Warning, doc, path, format, args...)
}

// depends says what the result depends on.
func (w *writer) depends(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	if !w.o.Brief {
		w.note(diag.Info, doc, path, format, args...)
	}
}
