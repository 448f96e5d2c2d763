package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// baselineSchema names the format of a baseline.
const baselineSchema = "grpcroute.baseline/v1"

// Baseline is a list of findings that are known, so that only new ones are
// shown. It holds no positions: see [Fingerprint] for what makes two findings one.
type Baseline struct {
	Schema   string         `json:"schema"`
	Findings []KnownFinding `json:"findings"` // by rule, object, field and fingerprint
}

// KnownFinding is one entry of a baseline. All but fingerprint and count is there
// for people.
type KnownFinding struct {
	Fingerprint string `json:"fingerprint"`
	Count       int    `json:"count"`
	Rule        string `json:"rule"`
	Object      string `json:"object,omitempty"` // "Kind namespace/name"
	File        string `json:"file,omitempty"`   // of a finding about no object
	Field       string `json:"field,omitempty"`  // with the names of list items
	Message     string `json:"message"`          // without positions and indexes
}

// NewBaseline makes the baseline of findings. It is the same whatever their order.
func NewBaseline(found diag.List) *Baseline {
	b := &Baseline{Schema: baselineSchema, Findings: []KnownFinding{}}
	at := map[string]int{}
	for i := range found {
		d := &found[i]
		print := Fingerprint(*d)
		if n, ok := at[print]; ok {
			b.Findings[n].Count++
			continue
		}
		at[print] = len(b.Findings)
		f := KnownFinding{Fingerprint: print, Count: 1, Rule: d.Rule, Object: d.Object.String(), Field: d.NamedField, Message: steady(d)}
		if f.Object == "" {
			f.File = d.Range.File
		}
		b.Findings = append(b.Findings, f)
	}
	slices.SortFunc(b.Findings, func(x, y KnownFinding) int {
		return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Object, y.Object), cmp.Compare(x.File, y.File), cmp.Compare(x.Field, y.Field), cmp.Compare(x.Fingerprint, y.Fingerprint))
	})
	return b
}

// Encode writes the baseline as JSON, the same bytes for the same findings.
func (b *Baseline) Encode() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(b)
	return out.Bytes(), err
}

// ParseBaseline reads what [Baseline.Encode] writes. The error names the file and
// the line.
func ParseBaseline(file string, data []byte) (*Baseline, error) {
	b := &Baseline{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(b); err != nil {
		at := dec.InputOffset()
		var syntax *json.SyntaxError
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			at = syntax.Offset
		case errors.As(err, &wrong):
			at = wrong.Offset
		case errors.Is(err, io.EOF):
			err = errors.New("the file is empty")
		}
		line := 1 + bytes.Count(data[:min(int(at), len(data))], []byte{'\n'})
		return nil, fmt.Errorf("%s:%d: not a baseline: %w", file, line, err)
	}
	if b.Schema != baselineSchema {
		return nil, fmt.Errorf("%s: not a baseline: schema is %q, expected %q", file, b.Schema, baselineSchema)
	}
	for i, f := range b.Findings {
		if f.Fingerprint == "" || f.Count < 1 {
			return nil, fmt.Errorf("%s: findings[%d] has to have a fingerprint and a count of at least 1", file, i)
		}
	}
	return b, nil
}

// Gone counts what a baseline holds and a run did not find.
type Gone struct {
	Fixed  int // of objects and files that were read
	Absent int // of objects and files that were not
}

// Filter takes the known findings out of a result and says what is gone. Of equal
// findings nobody can tell which one is new: when there are more than the baseline
// has, all of them are shown. Entries of rules that did not run are not gone.
func (b *Baseline) Filter(r *Result, set *manifest.Set) Gone {
	known, now := map[string]int{}, map[string]int{}
	for _, f := range b.Findings {
		known[f.Fingerprint] += f.Count
	}
	prints := make([]string, len(r.Diagnostics))
	for i := range r.Diagnostics {
		prints[i] = Fingerprint(r.Diagnostics[i])
		now[prints[i]]++
	}
	shown := make(diag.List, 0, len(r.Diagnostics))
	for i, p := range prints {
		if now[p] > known[p] {
			shown = append(shown, r.Diagnostics[i])
		}
	}
	r.Known += len(r.Diagnostics) - len(shown)
	r.Diagnostics = shown
	read := map[string]bool{}
	for _, f := range set.Files {
		read[f.Name] = true
	}
	for ref := range set.Refs() {
		read[ref.String()] = true
	}
	var gone Gone
	for _, f := range b.Findings {
		switch n := f.Count - now[f.Fingerprint]; {
		case n <= 0 || !r.Ran[f.Rule]:
		case read[cmp.Or(f.Object, f.File)]:
			gone.Fixed += n
		default:
			gone.Absent += n
		}
	}
	return gone
}
