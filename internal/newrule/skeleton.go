package main

const ruleFile = `package rules

import (
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var ruleID = &lint.Rule{
	ID:       "RULE-ID",
	Summary:  "say in one line what is found",
	Section:  lint.SchemaSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkRuleID,
}

func checkRuleID(p *lint.Pass) {
}
`

const rulePage = `# RULE-ID

What it finds.

## Why it matters

What goes wrong when nobody looks.

## Bad

` + "```yaml" + `
` + routeYAML + "```" + `

## Good

` + "```yaml" + `
` + routeYAML + "```" + `

## How to fix

What to type.

## Sources

- the document, source file or issue that says so, with its version
`

const foundCase = `What is wrong here.

-- route.yaml --
` + routeYAML + `-- want --
`

const quietCase = `Why nothing is found here.

-- route.yaml --
` + routeYAML + `-- want --
`

const routeYAML = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: users
  namespace: shop
spec:
  parentRefs:
  - name: edge
  rules:
  - backendRefs:
    - name: users
      port: 50051
`
