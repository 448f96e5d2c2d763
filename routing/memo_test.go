package routing

import (
	"fmt"
	"strings"
	"testing"
)

// A path is remembered soon, and the string that the caller passed may change
// afterwards.
func TestMemoRemembers(t *testing.T) {
	m := memo{budget: &memoBudget{}}
	path := []byte("/pkg.Echo/Get")
	if !m.open(string(path)) {
		t.Fatal("a new path is not taken")
	}
	m.add(string(path), bucket{only: &Entry{}})
	if b, ok := m.find("/pkg.Echo/Get"); !ok || b.only == nil {
		t.Error("the first path is not published at once")
	}
	for i := range 1000 {
		p := fmt.Sprintf("/pkg.Echo/M%d", i)
		for tries := 0; ; tries++ {
			if _, ok := m.find(p); ok {
				break
			}
			if tries > 1000 {
				t.Fatalf("path %d is not published after %d look-ups", i, tries)
			}
			if m.open(p) {
				m.add(p, bucket{only: &Entry{}})
			}
		}
	}
}

// Random paths stop being remembered when the budget is spent, and long ones never
// are; what was remembered stays.
func TestMemoIsBounded(t *testing.T) {
	budget := &memoBudget{}
	m := memo{budget: budget}
	if m.open("/" + strings.Repeat("x", maxMemoPath)) {
		t.Error("a path longer than the limit is taken")
	}
	n := 0
	for ; !budget.spent(); n++ {
		p := fmt.Sprintf("/%01000d/M", n)
		if m.open(p) {
			m.add(p, bucket{})
		}
		if n > memoBytes/1000 {
			t.Fatal("the budget is never spent")
		}
	}
	if used := budget.used.Load(); used > memoBytes {
		t.Errorf("used %d bytes, want at most %d", used, memoBytes)
	}
	if m.open("/one/more") {
		t.Error("a path is taken although the budget is spent")
	}
	if _, ok := m.find(fmt.Sprintf("/%01000d/M", 0)); !ok {
		t.Error("the first path is gone")
	}
	other := memo{budget: budget}
	if other.open("/another/table") {
		t.Error("another matcher of the table has a budget of its own")
	}
}

// The index finds every path it holds and no other.
func TestPathIndex(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 1000} {
		var paths []string
		var buckets []bucket
		for i := range n {
			paths = append(paths, fmt.Sprintf("/pkg.S%d/M", i))
			buckets = append(buckets, bucket{only: &Entry{Clause: &Clause{Match: i}}})
		}
		x := newPathIndex(paths, buckets)
		for i, p := range paths {
			if b, ok := x.find(p); !ok || b.only.Match != i {
				t.Errorf("of %d paths %s is not found", n, p)
			}
		}
		for _, p := range []string{"", "/", "/pkg.S1/", "/pkg.S1/MM", fmt.Sprintf("/pkg.S%d/M", n)} {
			if _, ok := x.find(p); ok {
				t.Errorf("of %d paths %q is found", n, p)
			}
		}
	}
}
