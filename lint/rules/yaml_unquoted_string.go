package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var yamlUnquotedString = &lint.Rule{
	ID:       "yaml-unquoted-string",
	Summary:  "a text without quotes that YAML reads as a boolean, a number or null",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkYAMLUnquotedString,
	PerSet:   true,
}

// Kubernetes reads YAML 1.1: y, yes, on, n, no and off are booleans, 012 is ten
// and 1e3 a thousand. The API server then finds no string, or, for null, nothing.
func checkYAMLUnquotedString(p *lint.Pass) {
	eachFailure(p, func(doc *manifest.Document, f *admission.Failure) {
		if f.Source != diag.Schema {
			return
		}
		v, ok := valueAt(doc, f.Path)
		if !ok || v != nil && !strings.Contains(f.Server, "must be of type string") {
			return
		}
		text, scalar := doc.Text(f.Path...)
		read := readAs(v, text)
		if !scalar || text == "" || read == "" {
			return
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("unquoted %q is read as %s, and a text is needed", text, read),
			Hint:    "write " + strconv.Quote(text),
		}
		if v == nil {
			d.Message = fmt.Sprintf("unquoted %q is read as null, and a value is needed", text)
			d.Hint = "write the value, in quotes if this is it"
		}
		p.ReportFailure(doc, f, nil, d)
		if v == nil || strings.ContainsAny(text, "!\n") {
			p.Refuse("which value is meant cannot be told")
			return
		}
		suggest(p, routeClaim(doc), doc, "write it in quotes", manifest.Put(f.Path, text))
	})
}

// readAs says what a scalar is read as, or nothing for a text.
func readAs(v any, text string) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "the boolean " + strconv.FormatBool(v)
	case int64:
		return numberRead(text, strconv.FormatInt(v, 10))
	case float64:
		return numberRead(text, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return ""
}

// numberRead names the number that a text is read as, when that is not obvious.
func numberRead(text, value string) string {
	if text == value {
		return "a number"
	}
	return "the number " + value
}
