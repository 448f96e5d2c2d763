package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
)

func TestDirectives(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string // "line text from-to"
	}{
		"behind a value":     {"a: 1\nb: 2 # m:x one\nc: 3\n", []string{"2 one 2-2"}},
		"above a key":        {"a: 1\n# m:x one\nb:\n  c: 1\n\n  # more\n  d: 2\ne: 3\n", []string{"2 one 3-7"}},
		"above a list":       {"a: 1\n# m:x one\nb:\n- c\n- d\ne: 3\n", []string{"2 one 3-5"}},
		"above an item":      {"a:\n- b\n# m:x one\n- c: 1\n  d: 2\n- e\n", []string{"3 one 4-5"}},
		"above another":      {"a: 1\n# m:x one\n# m:x two\nb: 1\nc: 1\n", []string{"2 one 4-4", "3 two 4-4"}},
		"on top":             {"# m:x one\na: 1\nb: 2\n---\nc: 1\n", []string{"1 one 2-3"}},
		"behind a separator": {"a: 1\n--- # m:x one\nb: 1\nc: 1\n", []string{"2 one 3-4"}},
		"below a separator":  {"a: 1\n---\n# Source: x\n# m:x one\n\nb: 1\nc: 1\n", []string{"4 one 6-7"}},
		"without text":       {"a: 1 # m:x\n", []string{"1  1-1"}},
		"at the end":         {"a: 1\n# m:x one\n", []string{"2 one 1-0"}},
		"a block scalar":     {"a: |\n  # m:x one\n  b\nc: 'x # m:x two'\nd: \"y\n  # m:x three\"\n", nil},
		"after a scalar":     {"a: |\n  text\n# m:x one\nb: 1\n", []string{"3 one 4-4"}},
		"other words":        {"a: 1 # m:xyz\n# see m:x\nb: 1#m:x\n", nil},
		"no space, tabs":     {"a: 1\t#m:x\tone\n", []string{"1 one 1-1"}},
		"CRLF":               {"a: 1\r\n# m:x one\r\nb:\r\n  c: 1\r\nd: 1\r\n", []string{"2 one 3-4"}},
		"JSON":               {"{\"a\": \"# m:x one\"}\n", nil},
		"a broken document":  {"a: [\n# m:x one\nb: 1\n", []string{"2 one 3-3"}},
		"deeper":             {"a:\n  # m:x one\n  b: 1\n  c: 1\n", []string{"2 one 3-3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &manifest.File{Name: "f", Data: []byte(tt.text)}
			var got []string
			for _, d := range f.Directives("m:x") {
				got = append(got, fmt.Sprintf("%d %s %d-%d", d.Range.Start.Line, d.Text, d.From, d.To))
				if c := tt.text[d.Range.Start.Byte:d.Range.End.Byte]; !strings.HasPrefix(c, "#") || strings.ContainsAny(c, "\r\n") {
					t.Errorf("the range covers %q", c)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("directives (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzDirectives: whatever the text, a directive is a comment of one line, and
// what it speaks of is in the file.
func FuzzDirectives(f *testing.F) {
	f.Add("a: 1\n# m:x one\nb:\n- c # m:x\n--- # m:x two\nd: |\n  # m:x\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := &manifest.File{Name: "f", Data: []byte(text)}
		for _, d := range file.Directives("m:x") {
			c := text[d.Range.Start.Byte:d.Range.End.Byte]
			if !strings.HasPrefix(c, "#") || strings.Contains(c, "\n") {
				t.Errorf("the directive is %q", c)
			}
			if lines := strings.Count(text, "\n") + 1; d.To > lines || d.From < 1 {
				t.Errorf("the directive of line %d speaks of lines %d to %d of %d", d.Range.Start.Line, d.From, d.To, lines)
			}
		}
	})
}
