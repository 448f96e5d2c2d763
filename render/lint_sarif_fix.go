package render

import "github.com/grpcroute/grpcroute/diag"

// sarifFix is a change that a viewer may offer.
type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted *sarifText  `json:"insertedContent,omitempty"`
}

// fixes are the edits of a finding, nil when there are none. Edits of one file are
// neighbours in the list.
func (x *sarifWriter) fixes(f *diag.Fix) []sarifFix {
	if f == nil || len(f.Edits) == 0 {
		return nil
	}
	out := sarifFix{Description: sarifText{Text: plain(f.Title)}}
	for i, e := range f.Edits {
		if i == 0 || e.Range.File != f.Edits[i-1].Range.File {
			out.Changes = append(out.Changes, sarifChange{Artifact: x.artifact(e.Range.File)})
		}
		r := sarifReplacement{Deleted: *x.region(e.Range)}
		if e.New != "" {
			r.Inserted = &sarifText{Text: validText(e.New)}
		}
		last := &out.Changes[len(out.Changes)-1]
		last.Replacements = append(last.Replacements, r)
	}
	return []sarifFix{out}
}

// artifact names a file.
func (x *sarifWriter) artifact(file string) sarifArtifact {
	uri, inside := x.uri(file)
	if inside {
		return sarifArtifact{uri, "SRCROOT"}
	}
	return sarifArtifact{URI: uri}
}

// region is a range that has a line.
func (x *sarifWriter) region(r diag.Range) *sarifRegion {
	start, end := r.Start, r.End
	out := &sarifRegion{StartLine: start.Line, StartColumn: x.column(r.File, start)}
	if end.Line >= start.Line {
		out.EndLine, out.EndColumn = end.Line, x.column(r.File, end)
		if length := end.Byte - start.Byte; length > 0 || end == start {
			out.ByteOffset, out.ByteLength = &start.Byte, &length
		}
	}
	return out
}

// properties are what SARIF has no words for: the profiles, and how many findings
// are not among the results.
func (x *sarifWriter) properties(profiles string) map[string]any {
	out := map[string]any{"profile": profiles}
	r := x.Result
	for key, n := range map[string]int{"baseline": r.Known, "unaffected": r.Unaffected, "elsewhere": r.Elsewhere} {
		if n > 0 {
			out[key] = n
		}
	}
	return out
}
