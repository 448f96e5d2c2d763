// Package rules is the catalogue of lint rules: one file and one page per rule,
// and this list of them.
package rules

import "github.com/grpcroute/grpcroute/lint"

// All lists the rules by id, one a line. A test compares the list with the
// folder and prints the line that is missing.
var All = []*lint.Rule{
	aliasBomb,
	allWeightsZero,
	apiVersionNotServed,
	backendAppprotocol,
	backendAppprotocolMissing,
	backendDuplicate,
	backendExternalName,
	backendHeadless,
	backendKindUnsupported,
	backendNotFound,
	backendPortNotFound,
	contentNotRead,
	crdDefaultOnly,
	documentTooDeep,
	duplicateYamlKey,
	experimentalField,
	fileNotUtf8,
	fileTooLarge,
	grantMissing,
	grantTooBroad,
	grantUnused,
	grantWrongGroup,
	grantWrongKind,
	grantWrongNamespace,
	hostnameIsIP,
	hostnameSyntax,
	invalidShare,
	matchTotalLimit,
	methodFullPathInService,
	methodLeadingDot,
	methodMatchEmpty,
	missingKind,
	noBackend,
	ruleNameDuplicate,
	rulesLimitSplit,
	schemaViolation,
	sessionPersistenceV17Shape,
	unknownField,
	unknownKind,
	weightNotPercent,
	weightZeroBackend,
	yamlSyntax,
	yamlUnquotedString,
}

// Retired lists the ids of rules that are gone. They are never given again.
var Retired = []string{}
