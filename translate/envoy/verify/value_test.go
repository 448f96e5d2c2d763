package verify

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"testing"
)

// TestIntegers compares the expression for a range with arithmetic.
func TestIntegers(t *testing.T) {
	d := rand.New(rand.NewPCG(1, 2))
	numbers := func() int64 {
		edges := []int64{0, 1, -1, 9, 10, 99, 100, 101, -10, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}
		if d.IntN(3) == 0 {
			return edges[d.IntN(len(edges))]
		}
		return d.Int64N(3000) - 1500
	}
	for range 300 {
		start, end := numbers(), numbers()
		p := integers(start, end)
		if len(p.Text) > 4000 {
			t.Fatalf("[%d, %d): an expression of %d characters", start, end, len(p.Text))
		}
		for range 20 {
			n := numbers()
			for _, text := range []string{fmt.Sprint(n), fmt.Sprintf(" %d", n), fmt.Sprintf("%05d", n)} {
				if got := takes(p, text); got != (start <= n && n < end) {
					t.Fatalf("%q in [%d, %d): %v", text, start, end, got)
				}
			}
		}
		if takes(p, "") || takes(p, "x1") || takes(p, "-") || takes(p, "1.0") {
			t.Fatalf("[%d, %d) takes what is no number", start, end)
		}
	}
	if takes(integers(0, 1), "0x0") || !takes(integers(0, 1), "-0") || !takes(integers(0, 1), "+0") || takes(integers(1, 2), "-1") {
		t.Error("signs are read otherwise")
	}
}

// TestNames: the ways in which controllers name clusters do not overlap.
func TestNames(t *testing.T) {
	for name, want := range map[string]int{
		"shop/cart/rule/0/backend/1":                    0,
		"HTTPRoute/shop/cart/rule/0/backend/1/mirror/2": 0,
		"shop/cart/rule/12/mirror/0/gateway/infra/edge": 0,
		"shop/cart/rule/0/unavailable":                  1,
		"grpcroute/shop/cart/rule/0":                    2,
		"httproute/shop/cart/rule/0/backend/3":          2,
		"kube_shop_cart-v1_9000":                        3,
		"blackhole-cluster":                             4,
		"outbound|9000|v1|cart.shop.svc.cluster.local":  5,
		"outbound_.9000_._.cart.shop.svc.cluster.local": -1,
		"cart": -1,
		regexp.QuoteMeta("outbound|9000||cart.example.com"): -1,
		"outbound|9000||cart.example.com":                   -1,
		"kube_shop_cart_v1_9000":                            -1,
	} {
		got := -1
		for i := range namings {
			if namings[i].form.MatchString(name) {
				if got >= 0 {
					t.Errorf("%s is of the forms %d and %d", name, got, i)
				}
				got = i
			}
		}
		if got != want {
			t.Errorf("%s is of form %d, want %d", name, got, want)
		}
	}
}
