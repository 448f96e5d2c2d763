package lint

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// volatile is what a message says of where things stand: it changes when
// something else is added or moved. Indexes in brackets, file positions, and
// suggestions of a nearest name, which are chosen from all others.
var volatile = regexp.MustCompile(`\[-?\d+\]|[^\s:]*:\d+:\d+|\bline \d+|: did you mean "[^"]*"\?`)

// Fingerprint identifies a finding across runs: 32 hexadecimal digits of its
// rule, its object and its field, both by name, and its message without what
// changes when lines, rules or matches move. A finding about no object is told
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
	sum := sha256.Sum256([]byte(strings.Join([]string{d.Rule, where, field, volatile.ReplaceAllString(d.Message, "")}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
