// Package rules is the catalogue of lint rules: one file and one page per rule,
// and this list of them.
package rules

import "github.com/grpcroute/grpcroute/lint"

// All lists the rules by id.
var All = []*lint.Rule{}
