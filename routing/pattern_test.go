package routing

import (
	"regexp"
	"testing"
)

// Dividing an expression at the slashes must not change what it takes; where it
// would, the expression stays whole.
func TestSplit(t *testing.T) {
	tests := []struct {
		pattern         string
		partial         bool
		service, method string // "any", "=literal", "~prefix…suffix"; "" for not divided
	}{
		{`/(?:pkg\.Echo)/(?:Get)`, false, "=pkg.Echo", "=Get"},
		{`/pkg.Echo/Get`, false, "~pkg…Echo", "=Get"},
		{`/(?:pkg\..*)/(?:[^/]+)`, false, "~pkg.…", "any"},
		{`/.+/Get`, false, "any", "=Get"},
		{`/(?s:.*)/.*List`, false, "any", "~…List"},
		{`^/(?:p)/(?:M)$`, true, "=p", "=M"},
		{`^/(?:p)/(?:M)$`, false, "=p", "=M"},
		{`/(?:p)/(?:M)`, true, "", ""},
		{`^/p/M`, true, "", ""},
		{`/(?i)foo/Get`, false, "~…", "~…"},
		{`/\bfoo\b/Get`, false, "~…", "=Get"},
		{`/foo|bar/Get`, false, "", ""},
		{`/(foo/Get|bar/Put)`, false, "", ""},
		{`/(?:.*/x)/(?:M)`, false, "", ""},
		{`/p/M/x`, false, "", ""},
		{`/^p$/M`, false, "", ""},
		{`/(?m)^p$/M`, false, "", ""},
		{`x*/p/M`, false, "", ""},
		{`//M`, false, "=", "=M"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			p := newPatterns()
			service, method, ok := p.split(tt.pattern, tt.partial)
			if ok != (tt.service != "") {
				t.Fatalf("divided: %t, want %t", ok, tt.service != "")
			}
			if ok && (show(&service) != tt.service || show(&method) != tt.method) {
				t.Errorf("divided into %s and %s, want %s and %s", show(&service), show(&method), tt.service, tt.method)
			}
			checkSplit(t, tt.pattern, tt.partial, ok, service, method)
		})
	}
}

func show(g *segment) string {
	switch g.kind {
	case anySegment:
		return "any"
	case literalSegment, noSegment:
		return "=" + g.text
	}
	return "~" + g.prefix + "…" + g.suffix
}

// checkSplit compares the parts with the whole over paths of a small alphabet.
func checkSplit(t *testing.T, pattern string, partial, ok bool, service, method segment) {
	t.Helper()
	if !ok {
		return
	}
	whole := regexp.MustCompile("^(?:" + pattern + ")$")
	if partial {
		whole = regexp.MustCompile(pattern)
	}
	words := []string{"p", "M", "pkg.Echo", "pkgxEcho", "pkg.", "foo", "FOO", "bar", "Get", "Put", "get", "List", "xList", "x", "pp", "foo.bar"}
	for _, s := range words {
		for _, m := range words {
			path := "/" + s + "/" + m
			if got, want := service.takes(s) && method.takes(m), whole.MatchString(path); got != want {
				t.Errorf("%s: the parts say %t, the whole %t", path, got, want)
			}
		}
	}
}

// FuzzSplit lets the fuzzer look for an expression whose parts differ from it.
func FuzzSplit(f *testing.F) {
	f.Add(`/(?:a|b)/(?:c)`, "/a/c", false)
	f.Add(`^/\bp.*\b/(?i)x$`, "/p/X", true)
	f.Fuzz(func(t *testing.T, pattern, path string, partial bool) {
		p := newPatterns()
		whole, err := p.compile(pattern, partial)
		service, method, ok := splitPath(path)
		if err != nil || !ok {
			return
		}
		s, m, ok := p.split(pattern, partial)
		if !ok {
			return
		}
		if got, want := s.takes(service) && m.takes(method), whole.MatchString(path); got != want {
			t.Errorf("%q on %q: the parts say %t, the whole %t", pattern, path, got, want)
		}
	})
}
