package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// routeText is a GRPCRoute as teams write them: two hostnames, three rules with
// an exact match, a match with a header and weighted backends, and a match on
// the service alone.
const routeText = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: route-%05[1]d
  namespace: team-%03[2]d
spec:
  parentRefs:
    - name: edge
      namespace: infra
      sectionName: https
  hostnames:
    - shop.example.com
    - svc%05[1]d.example.com
  rules:
    - matches:
        - method:
            service: %[3]s
            method: Get
      backendRefs:
        - name: backend-%05[1]d
          port: 9000
    - matches:
        - method:
            service: %[3]s
            method: List
          headers:
            - name: x-canary
              value: always
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set:
              - name: x-route
                value: canary
      backendRefs:
        - name: backend-%05[1]d
          port: 9000
          weight: 80
        - name: backend-%05[1]d-canary
          port: 9000
          weight: 20
    - matches:
        - method:
            service: %[3]s
      backendRefs:
        - name: backend-%05[1]d
          port: 9000
`

// route is the route of a number in a file.
func route(file, index int) string {
	n := file*routesPerFile + index
	return fmt.Sprintf(routeText, n, file, fmt.Sprintf("acme.team%d.v1.Service%d", n%50, n))
}

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
  namespace: infra
spec:
  gatewayClassName: edge
  listeners:
    - name: https
      port: 443
      protocol: HTTPS
      hostname: "*.example.com"
      tls:
        certificateRefs:
          - name: example-com
      allowedRoutes:
        namespaces:
          from: All
`

// writeMany writes the large input and returns how many documents it holds.
func writeMany(dir string) (int, error) { return writeFiles(dir, manyFiles) }

// writeFiles writes a Gateway and so many files with routes.
func writeFiles(dir string, files int) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	documents := 1
	if err := os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(gateway), 0o644); err != nil {
		return 0, err
	}
	for file := range files {
		var b strings.Builder
		for i := range routesPerFile {
			if i > 0 {
				b.WriteString("---\n")
			}
			b.WriteString(route(file, i))
			documents++
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("routes-%04d.yaml", file)), []byte(b.String()), 0o644); err != nil {
			return 0, err
		}
	}
	return documents, nil
}
