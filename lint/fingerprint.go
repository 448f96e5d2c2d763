package lint

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// volatile is what a message says of where things stand and of what else there is:
// it changes when something else is added or moved. Indexes in brackets, file
// positions, and lists of what would have been right.
var volatile = regexp.MustCompile(`\[-?\d+\]|[^\s:]*:\d+:\d+|\bline \d+|: did you mean "[^"]*"\?|: expected (?:one of )?"[^"]*"(?:, "[^"]*")*|, which has .*$|, as do calls of .*$`)

// steady is a message without what is volatile, and without the call that shows
// what it says: any of many would.
func steady(d *diag.Diagnostic) string {
	message := d.Message
	if w := d.Witness; w != nil {
		call := w.Authority + w.Path
		for name, value := range w.Headers {
			message = strings.ReplaceAll(message, " with "+name+": "+value, "")
		}
		message = strings.ReplaceAll(message, call, "")
	}
	return volatile.ReplaceAllString(message, "")
}

// Fingerprint identifies a finding across runs: 32 hexadecimal digits of its
// rule, its object and its field, both by name, and its message without what
// changes when lines, rules or matches move, or when others come and go. A finding about no object is told
// apart by its file. Two findings of one run may have the same fingerprint, as
// two equal mistakes in rules without names: who needs unique ones counts them.
func Fingerprint(d diag.Diagnostic) string {
	field := d.NamedField
	if field == "" {
		field = volatile.ReplaceAllString(d.Field, "[]")
	}
	where := d.Object.Kind + " " + d.Object.Key()
	if d.Object == (diag.Ref{}) {
		where = d.Range.File
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{d.Rule, where, field, steady(&d)}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
