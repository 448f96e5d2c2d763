package plan

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// Notes gather what a translation says of its input, nothing of it twice, as of a
// rule that several hosts have.
type Notes struct {
	// List has what is lost (warnings) and what the result depends on (infos).
	List diag.List
	// Brief leaves the infos out.
	Brief bool
	seen  map[noteKey]bool
}

type noteKey struct {
	severity diag.Severity
	message  string
	at       diag.Range
}

func (n *Notes) note(severity diag.Severity, doc *manifest.Document, path manifest.Path, format string, args ...any) {
	d := diag.Diagnostic{Severity: severity, Message: fmt.Sprintf(format, args...)}
	if doc != nil {
		d.Range, d.Object, d.Field = doc.Range(path...), doc.Ref, path.String()
	}
	if n.seen == nil {
		n.seen = map[noteKey]bool{}
	}
	key := noteKey{severity, d.Message, d.Range}
	if !n.seen[key] {
		n.seen[key] = true
		n.List = append(n.List, d)
	}
}

// Lost says what of a field the proxy cannot be told.
func (n *Notes) Lost(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	n.note(diag.Warning, doc, path, format, args...)
}

// Depends says what the result depends on.
func (n *Notes) Depends(doc *manifest.Document, path manifest.Path, format string, args ...any) {
	if !n.Brief {
		n.note(diag.Info, doc, path, format, args...)
	}
}
