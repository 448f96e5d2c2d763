package manifest

import "github.com/grpcroute/grpcroute/diag"

// Path leads from a document's root to a field: each element is a string (a
// mapping key) or an int (a sequence index).
type Path []any

// String writes a path as Kubernetes does: "spec.rules[0].matches[1].method";
// keys that are not plain words stand in brackets, as
// "metadata.annotations[example.com/a]".
func (p Path) String() string { return "" }

// ParsePath reads what [Path.String] and Kubernetes field errors write.
func ParsePath(s string) Path { return nil }

// Range returns where the value at a path stands. When the path leads to
// nothing, the range is that of the deepest part that exists (its key, for a
// mapping), so that a missing field is reported where it is missing.
func (d *Document) Range(path ...any) diag.Range { return diag.Range{File: d.File.Name} }

// KeyRange returns where the last key of a path stands, as for a field that
// should not be there at all.
func (d *Document) KeyRange(path ...any) diag.Range { return diag.Range{File: d.File.Name} }

// Text returns the source text of the scalar at a path as the author wrote it,
// quotes included, and whether there is one. It explains values that YAML 1.1
// reads in another way than their author ("y", 0o17, 1e3).
func (d *Document) Text(path ...any) (string, bool) { return "", false }

// Comment returns the comment text attached to the node at a path (head, line
// and foot comments joined by newlines, without "#"), or "".
func (d *Document) Comment(path ...any) string { return "" }
