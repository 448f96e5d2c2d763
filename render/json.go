package render

import (
	"github.com/grpcroute/grpcroute/diag"
)

// position is a place in every JSON output; lines and columns count from 1.
type position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// span is a range in every JSON output. Start and End are absent when the place
// in the file is not known.
type span struct {
	File  string    `json:"file"`
	Start *position `json:"start,omitempty"`
	End   *position `json:"end,omitempty"`
}

func spanOf(r diag.Range) span {
	return span{File: validText(r.File), Start: positionOf(r.Start), End: positionOf(r.End)}
}

func positionOf(p diag.Position) *position {
	if p.Line == 0 {
		return nil
	}
	return &position{p.Line, p.Column}
}

// objectRef names an object in every JSON output.
type objectRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

func objectOf(r diag.Ref) *objectRef {
	if r == (diag.Ref{}) {
		return nil
	}
	return &objectRef{r.APIVersion, r.Kind, r.Namespace, r.Name}
}

// witness is a request in every JSON output; explain --request takes it back.
type witness struct {
	Gateway   string            `json:"gateway,omitempty"`
	Listener  string            `json:"listener,omitempty"`
	Port      int32             `json:"port,omitempty"`
	SNI       string            `json:"sni,omitempty"`
	Authority string            `json:"authority"`
	Path      string            `json:"path"`
	Headers   map[string]string `json:"headers"`
}

func witnessOf(w *diag.Witness) *witness {
	if w == nil {
		return nil
	}
	out := witness(*w)
	if out.Headers == nil {
		out.Headers = map[string]string{}
	}
	return &out
}
