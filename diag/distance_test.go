package diag_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/diag"
)

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"method", "method", 0},
		{"metod", "method", 1},
		{"methodd", "method", 1},
		{"mathod", "method", 1},
		{"mehtod", "method", 1},
		{"kgatway", "kgateway", 1},
		{"spec", "pingora", 7},
		{"abcd", "badc", 2},
		{"getuser", "gteusers", 2},
		{"short", "muchlonger", 8},
	}
	for _, tt := range tests {
		t.Run(tt.a+"/"+tt.b, func(t *testing.T) {
			if got := diag.Distance(tt.a, tt.b); got != tt.want {
				t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
			}
			if got := diag.Distance(tt.b, tt.a); got != tt.want {
				t.Errorf("Distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
			}
		})
	}
}
