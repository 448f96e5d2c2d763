package agreement

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// longPatterns are expressions that take the long value of a header group by group,
// for which some matchers keep something for each.
var longPatterns = []string{"(?:ab|c)*d", "(?:(?:a|bb)+,?)*d", "(?:a[^x]){1,500}.*d", ".*a.*b.*d", "(?:ab)*?d", "(?:a|ab|b)*d"}

// LongValues asks expressions for a long value.
func (p *Target) LongValues(t *testing.T) {
	p.Need(t)
	var b strings.Builder
	b.WriteString(plain)
	for i, text := range longPatterns {
		fmt.Fprintf(&b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r%d, namespace: d}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [h%d.ex.com]\n", i, i)
		fmt.Fprintf(&b, "  rules: [{matches: [{headers: [{type: RegularExpression, name: h, value: '%s'}]}], backendRefs: [{name: long, port: 1}]}]\n", text)
	}
	table := Compile(t, b.String(), profile.Spec)
	a := p.compare(t, 2)
	g := a.Open([]*routing.Table{table})
	defer g.Close()
	for i, pattern := range longPatterns {
		for _, n := range []int{1, 100, 255, 3000} {
			r := &routing.Request{
				Gateway: "d/gw", Port: 80, Authority: fmt.Sprintf("h%d.ex.com", i), Path: "/p.S/M",
				Headers: []routing.Header{{Name: "h", Value: strings.Repeat("ab", n) + "d"}},
			}
			if p.MaxGrouped == 0 || 2*n < p.MaxGrouped || !strings.Contains(pattern, ")") {
				g.Call(table, r)
				continue
			}
			md := metadata.Pairs("h", r.Headers[0].Value)
			ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(context.Background(), md), 20*time.Second)
			err := g.planes[0].Client("d/gw:80", r).Invoke(ctx, r.Path, &emptypb.Empty{}, &emptypb.Empty{}, grpc.CallAuthority(r.Authority))
			cancel()
			if status.Code(err) != codes.ResourceExhausted {
				t.Errorf("%s with %d characters: %v", pattern, 2*n, err)
			}
		}
	}
	if a.Routed < 2*len(longPatterns) {
		t.Errorf("%d calls, %d routed", a.Calls, a.Routed)
	}
}
