// Package diag is how every other package points at the input and says what it
// found there: positions and ranges in source text, references to Kubernetes
// objects, findings with a rule and a severity, and requests that prove them.
// How a finding is printed is decided in package render.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is one place in a source file. Line and Column count from 1, Column
// in bytes; Byte is the offset from the start of the file, from 0. The zero
// Position means that the place is not known.
type Position struct {
	Line, Column, Byte int
}

// Range is a span of source text. End is exclusive. A Range with a zero Start
// speaks of the file as a whole.
type Range struct {
	File       string
	Start, End Position
}

// String returns "file:line:column", or the file alone when the position is not
// known.
func (r Range) String() string {
	if r.Start.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d:%d", r.File, r.Start.Line, r.Start.Column)
}

// Ref names a Kubernetes object. Namespace is empty for cluster-scoped kinds.
type Ref struct {
	APIVersion, Kind, Namespace, Name string
}

// String returns "Kind namespace/name", or "Kind name" for a cluster-scoped
// object.
func (r Ref) String() string {
	return strings.TrimSpace(r.Kind + " " + r.Key())
}

// Key returns "namespace/name", or the name alone without a namespace.
func (r Ref) Key() string {
	if r.Namespace == "" {
		return r.Name
	}
	return r.Namespace + "/" + r.Name
}

// Severity says how bad a finding is. The zero value is [Info].
type Severity int

// The severities, from the mildest.
const (
	Info    Severity = iota // worth knowing
	Warning                 // works in a surprising or non-portable way
	Error                   // will not work, or is refused
)

var severityNames = [...]string{Info: "info", Warning: "warning", Error: "error"}

// String returns "info", "warning" or "error".
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity returns the severity of that name.
func ParseSeverity(name string) (Severity, error) {
	if i := slices.Index(severityNames[:], name); i >= 0 {
		return Severity(i), nil
	}
	return 0, fmt.Errorf("unknown severity %q: expected one of %s", name, strings.Join(severityNames[:], ", "))
}

// Source says who would raise a finding: the API server at one of its stages,
// or this tool alone ([Semantic]).
type Source string

// The sources of findings, in the order in which an API server works.
const (
	Strict       Source = "strict"        // decoding: syntax, duplicate keys
	UnknownField Source = "unknown-field" // a field the server would prune
	Metadata     Source = "metadata"      // object metadata
	Schema       Source = "schema"        // OpenAPI schema and list types
	CEL          Source = "cel"           // x-kubernetes-validations
	Semantic     Source = "semantic"      // admitted by the server, found by us
)

// Certainty says how much a statement can be relied on: what the input does not
// show is never guessed. The zero value is [Certain].
type Certainty int

// The certainties, from the strongest.
const (
	Certain Certainty = iota // follows from the input
	Assumed                  // follows from the input and from --assume
	Unknown                  // the input does not show it
)

var certaintyNames = [...]string{Certain: "certain", Assumed: "assumed", Unknown: "unknown"}

// String returns "certain", "assumed" or "unknown".
func (c Certainty) String() string { return certaintyNames[c] }

// Weakest returns the least certain of its arguments: a conclusion is as certain
// as its weakest premise.
func Weakest(cs ...Certainty) Certainty {
	return slices.Max(append(cs, Certain))
}

// Related is another place that a finding speaks of.
type Related struct {
	Message string
	Range   Range
}

// Witness is a request that shows what a finding says. It is the same object in
// every JSON output, and explain takes it back with --request.
type Witness struct {
	Gateway   string            `json:"gateway,omitempty"` // "NS/NAME"
	Listener  string            `json:"listener,omitempty"`
	Port      int32             `json:"port,omitempty"`
	SNI       string            `json:"sni,omitempty"`
	Authority string            `json:"authority"`
	Path      string            `json:"path"` // "/SERVICE/METHOD"
	Headers   map[string]string `json:"headers"`
}

// Diagnostic is one finding about the input, before anyone decides how to print
// it.
type Diagnostic struct {
	Rule      string // id of the rule, as "backend-not-found"
	Severity  Severity
	Source    Source
	Certainty Certainty
	Message   string // one sentence, lower case, no full stop
	Hint      string // what to type, or where to look
	Admission string // the API server's own text, when it would refuse
	Range     Range
	Object    Ref
	Field     string // field path, as "spec.rules[0].matches[1].method"
	// NamedField is Field with items of lists by name, for lint.Fingerprint; "" when
	// they are not known.
	NamedField string
	Profile    string
	Related    []Related
	Witness    *Witness
	Fix        *Fix // nil when nothing is known that would edit it away
}

// List is findings in some order; [List.Sort] gives the order users see.
type List []Diagnostic

// Sort orders findings by file, line, column, rule, message, field and severity, so that output
// is the same on each run.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Range.File, b.Range.File),
			cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
			cmp.Compare(a.Range.Start.Column, b.Range.Start.Column),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Field, b.Field),
			cmp.Compare(a.Severity, b.Severity),
		)
	})
}

// Count returns how many findings have that severity.
func (l List) Count(s Severity) int {
	n := 0
	for i := range l {
		if l[i].Severity == s {
			n++
		}
	}
	return n
}
