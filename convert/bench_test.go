package convert_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/convert"
)

// many makes n HTTPRoutes of eight matches each, all on hosts of their own.
func many(n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: d}\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}\n")
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r%d, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [h%d.example.com]\n  rules:\n", i, i)
		for k := range 4 {
			fmt.Fprintf(&b, "  - matches:\n    - path: {type: Exact, value: /p.S%d/M%d}\n      method: POST\n    - path: {type: PathPrefix, value: /p.S%dx%d/}\n    backendRefs: [{name: b%d, port: 1}]\n", i, k, i, k, i)
		}
	}
	return b.String()
}

func BenchmarkConvert(b *testing.B) {
	set := read(many(500))
	o := options(b)
	for b.Loop() {
		out, err := convert.Run(context.Background(), set, o)
		if err != nil || len(out.Routes) != 500 || out.Routes[0].New == nil {
			b.Fatal(err)
		}
	}
}
