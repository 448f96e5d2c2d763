package topology

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// Refusal says why an edge does not hold, in the Gateway API's words. Certainty
// Unknown means that the edge may hold: the input does not show it.
//
// Positions are looked up when asked for: most refusals of a partial input are
// Unknown and are never shown.
type Refusal struct {
	Reason    string // Gateway API reason, as "NotAllowedByListeners"; "" for no status
	Message   string // one sentence, lower case, no full stop
	Doc       *manifest.Document
	Path      manifest.Path // the field in Doc
	Certainty diag.Certainty

	related []note
}

// note is a remark at another place.
type note struct {
	message string
	doc     *manifest.Document
	path    manifest.Path
}

// Range returns where the refused field stands, the zero Range without a
// document.
func (r *Refusal) Range() diag.Range {
	if r.Doc == nil {
		return diag.Range{}
	}
	return r.Doc.Range(r.Path...)
}

// Field returns the refused field's path, as "spec.parentRefs[0].sectionName".
func (r *Refusal) Field() string { return r.Path.String() }

// Object returns the object that the field is in.
func (r *Refusal) Object() diag.Ref {
	if r.Doc == nil {
		return diag.Ref{}
	}
	return r.Doc.Ref
}

// Related returns the other places that the refusal speaks of.
func (r *Refusal) Related() []diag.Related {
	var related []diag.Related
	for _, n := range r.related {
		related = append(related, diag.Related{Message: n.message, Range: n.doc.Range(n.path...)})
	}
	return related
}

// see adds a remark at another place; without a document it does nothing.
func (r *Refusal) see(doc *manifest.Document, path manifest.Path, format string, args ...any) *Refusal {
	if doc != nil {
		r.related = append(r.related, note{fmt.Sprintf(format, args...), doc, path})
	}
	return r
}

// refused reports whether a refusal holds as far as the input shows.
func refused(r *Refusal) bool { return r != nil && r.Certainty != diag.Unknown }

// absence is what is known of an object that the input does not hold.
type absence struct {
	exists    bool // meaningful unless Certainty is Unknown
	certainty diag.Certainty
	why       string
}

// missing says what is known of an object that no index has. An object that is
// in the input and cannot be read exists, but what it says is unknown.
func (x *resolver) missing(group, kind, namespace, name string) absence {
	key := objectKey{group, kind, namespace, name}
	gone, ok := x.gone[key]
	if !ok {
		gone = x.findMissing(group, kind, namespace, name)
		if len(x.gone) >= maxGone {
			clear(x.gone)
		}
		x.gone[key] = gone
	}
	return gone
}

// maxGone bounds what is remembered of absent objects. Most are asked for several
// times in one route, and in no other.
const maxGone = 64

func (x *resolver) findMissing(group, kind, namespace, name string) absence {
	ref := diag.Ref{Kind: kind, Namespace: namespace, Name: name}
	switch {
	case x.broken[objectKey{group, kind, namespace, name}]:
		return absence{true, diag.Unknown, fmt.Sprintf("%s is in the input but cannot be read", ref)}
	case x.Set.Holds(group, kind, namespace, name):
		return absence{true, diag.Unknown, fmt.Sprintf("%s is in the input, and objects of its kind are not read", ref)}
	case x.Options.Assume == AssumePresent:
		return absence{true, diag.Assumed, fmt.Sprintf("%s is not in the input and is assumed to exist", ref)}
	case x.Options.Assume == AssumeAbsent:
		return absence{false, diag.Assumed, fmt.Sprintf("%s does not exist", ref)}
	}
	return absence{false, diag.Unknown, fmt.Sprintf("%s is not in the input", ref)}
}

// join makes a path from a prefix without touching the prefix.
func join(prefix manifest.Path, more ...any) manifest.Path {
	return append(prefix[:len(prefix):len(prefix)], more...)
}
