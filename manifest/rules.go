package manifest

import "github.com/grpcroute/grpcroute/diag"

// ProblemRule describes one kind of finding in [Set.Problems].
type ProblemRule struct {
	ID       string
	Severity diag.Severity // the highest it is reported with
	Summary  string        // one line, for the catalogue of rules
}

// The ids of the findings in [Set.Problems].
const (
	ruleSyntax       = "yaml-syntax"
	ruleDuplicateKey = "duplicate-yaml-key"
	ruleNotUTF8      = "file-not-utf8"
	ruleTooLarge     = "file-too-large"
	ruleAliasBomb    = "alias-bomb"
	ruleTooDeep      = "document-too-deep"
	ruleMissingKind  = "missing-kind"
	ruleUnknownKind  = "unknown-kind"
	ruleUnread       = "content-not-read"
)

// ProblemRules lists every finding that [Load] can report, by id.
var ProblemRules = []ProblemRule{
	{ruleAliasBomb, diag.Error, "a document whose aliases expand beyond what a reader accepts"},
	{ruleUnread, diag.Warning, "content after a document end marker or after the last brace of an object, which Kubernetes never reads"},
	{ruleTooDeep, diag.Error, "a document that nests deeper than the Kubernetes decoders follow"},
	{ruleDuplicateKey, diag.Error, "a key given twice in one mapping"},
	{ruleNotUTF8, diag.Error, "a file or document that is not UTF-8 text"},
	{ruleTooLarge, diag.Error, "a file or document too large to be read"},
	{ruleMissingKind, diag.Error, "a document without apiVersion or kind where a Kubernetes object is expected"},
	{ruleUnknownKind, diag.Error, "a kind or API group that is nearly one of the Gateway API"},
	{ruleSyntax, diag.Error, "text that is not valid YAML or JSON"},
}
