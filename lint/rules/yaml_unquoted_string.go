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
// and 1:30 is ninety. The API server then finds no string.
func checkYAMLUnquotedString(p *lint.Pass) {
	eachFailure(p, func(doc *manifest.Document, f *admission.Failure) {
		if !strings.Contains(f.Server, "must be of type string") {
			return
		}
		v, ok := valueAt(doc, f.Path)
		text, plain := doc.Text(f.Path...)
		if !ok || !plain || text == "" {
			return
		}
		read := ""
		switch v := v.(type) {
		case bool:
			read = "the boolean " + strconv.FormatBool(v)
		case int64:
			read = numberRead(text, strconv.FormatInt(v, 10))
		case float64:
			read = numberRead(text, strconv.FormatFloat(v, 'g', -1, 64))
		case nil:
			read = "null"
		default:
			return
		}
		p.ReportFailure(doc, f, nil, diag.Diagnostic{
			Message: fmt.Sprintf("%s without quotes is read as %s, and a string is needed", text, read),
			Hint:    "write " + strconv.Quote(text),
		})
	})
}

// numberRead names the number that a text is read as, when that is not obvious.
func numberRead(text, value string) string {
	if text == value {
		return "a number"
	}
	return "the number " + value
}
