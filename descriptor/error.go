package descriptor

import (
	"errors"
	"strings"

	"github.com/bufbuild/protocompile/ast"
	"github.com/bufbuild/protocompile/reporter"
	"github.com/grpcroute/grpcroute/diag"
)

// Error is what is wrong with the input of [Load]: every mistake, with its place.
type Error struct {
	Findings diag.List // sorted; Rule is empty
}

// Error returns one line a finding: "file:line:column: message; hint".
func (e *Error) Error() string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = f.Range.String() + ": " + f.Message
		if f.Hint != "" {
			lines[i] += "; " + f.Hint
		}
	}
	return strings.Join(lines, "\n")
}

// error returns what was found so far; nil for nothing.
func (l *loader) error() error {
	if len(l.findings) == 0 {
		return nil
	}
	l.findings.Sort()
	return &Error{Findings: l.findings}
}

// fault keeps a mistake.
func (l *loader) fault(r diag.Range, message, hint string) {
	l.findings = append(l.findings, diag.Diagnostic{Severity: diag.Error, Source: diag.Semantic, Message: message, Hint: hint, Range: r})
}

// handler collects what the compiler finds wrong with one file.
func (l *loader) handler(u *unit) *reporter.Handler {
	return reporter.NewHandler(reporter.NewReporter(func(err reporter.ErrorWithPos) error {
		l.fault(l.span(u, err), l.message(err.Unwrap()), "")
		return nil
	}, nil))
}

// keep keeps an error that did not go through the handler.
func (l *loader) keep(u *unit, err error) {
	var at reporter.ErrorWithPos
	switch {
	case err == nil || errors.Is(err, reporter.ErrInvalidSource):
	case errors.As(err, &at):
		l.fault(l.span(u, at), l.message(at.Unwrap()), "")
	default:
		l.fault(diag.Range{File: u.path}, l.message(err), "")
	}
}

// message is the compiler's, in our form: one sentence without a full stop. The
// protobuf library writes "proto:" and either a space or a no-break space in front.
func (l *loader) message(err error) string {
	s := strings.NewReplacer("\n", " ", "\u00a0", " ").Replace(err.Error())
	s = strings.TrimSuffix(strings.TrimPrefix(s, "proto: "), ".")
	// The other place of two that clash: files have import names there.
	if before, at, ok := strings.Cut(s, " at "); ok {
		name, rest, _ := strings.Cut(at, ":")
		switch u := l.units[name]; {
		case u == nil:
		case u.proto != nil:
			s = before + " in " + u.path + ", " + at
		default:
			s = before + " at " + u.path + ":" + rest
		}
	}
	return s
}

// span turns the compiler's place into ours. The compiler counts a tab as up to
// eight columns, we count bytes.
func (l *loader) span(u *unit, at ast.SourceSpan) diag.Range {
	start := at.Start()
	if named := l.units[start.Filename]; named != nil {
		u = named
	}
	if u.data == "" || start.Line == 0 {
		return diag.Range{File: u.path}
	}
	return diag.Range{File: u.path, Start: u.position(start.Offset), End: u.position(max(start.Offset, at.End().Offset))}
}

// position counts lines and columns up to an offset.
func (u *unit) position(offset int) diag.Position {
	before := u.data[:min(offset, len(u.data))]
	line := strings.Count(before, "\n")
	return diag.Position{Line: line + 1, Column: len(before) - strings.LastIndexByte(before, '\n'), Byte: len(before)}
}

// nearest is the file that an import was likely meant to be, "" for none.
func nearest(name string, files []string) string {
	stem := strings.TrimSuffix(name, ".proto")
	best, least := "", min(len(stem), max(2, len(stem)/4)+1)
	for _, f := range files {
		if d := diag.Distance(stem, strings.TrimSuffix(f, ".proto")); d < least || d == least && best != "" && f < best {
			best, least = f, d
		}
	}
	return best
}
