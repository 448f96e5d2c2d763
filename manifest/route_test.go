package manifest_test

import "fmt"

// route is a GRPCRoute of 28 lines, as a service of a normal repository has one.
func route(i int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: orders-%05d
  namespace: shop
  labels:
    app: orders
spec:
  parentRefs:
  - name: public
    sectionName: grpc
  hostnames:
  - "orders-%d.example.com"
  rules:
  - matches:
    - method:
        service: shop.orders.v1.Orders
        method: Create
      headers:
      - name: x-canary
        value: "1"
    backendRefs:
    - name: orders
      port: 8080
      weight: 90
    - name: orders-canary
      port: 8080
      weight: 10
`, i, i)
}
