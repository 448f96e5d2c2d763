package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

// The rules of this file are raised while the input is read: package manifest
// finds what they speak of, and a test compares them with its list.
var (
	aliasBomb = &lint.Rule{
		ID:       "alias-bomb",
		Summary:  "a document whose aliases expand beyond what a reader accepts",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}

	contentNotRead = &lint.Rule{
		ID:       "content-not-read",
		Summary:  "content after a document end marker or after the last brace of an object, which Kubernetes never reads",
		Section:  lint.InputSection,
		Severity: diag.Warning,
		Since:    "0.1",
	}

	documentTooDeep = &lint.Rule{
		ID:       "document-too-deep",
		Summary:  "a document that nests deeper than the Kubernetes decoders follow",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}

	duplicateYamlKey = &lint.Rule{
		ID:       "duplicate-yaml-key",
		Summary:  "a key given twice in one mapping",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}

	fileNotUtf8 = &lint.Rule{
		ID:       "file-not-utf8",
		Summary:  "a file or document that is not UTF-8 text",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}

	fileTooLarge = &lint.Rule{
		ID:       "file-too-large",
		Summary:  "a file or document too large to be read",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}

	missingKind = &lint.Rule{
		ID:       "missing-kind",
		Summary:  "a document without apiVersion or kind where a Kubernetes object is expected",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}

	unknownKind = &lint.Rule{
		ID:       "unknown-kind",
		Summary:  "a kind or API group that is nearly one of the Gateway API",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}

	yamlSyntax = &lint.Rule{
		ID:       "yaml-syntax",
		Summary:  "text that is not valid YAML or JSON",
		Section:  lint.InputSection,
		Severity: diag.Error,
		Since:    "0.1",
	}
)
