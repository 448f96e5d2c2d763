package manifest

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const plainRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: a   # comment
  annotations: {}
  labels:
    app.kubernetes.io/name: "b: c"
    on-call: 'yes'
    since: 2001-01-01
    empty:
spec:

  # comment
  parentRefs:
  - name: gw
    port: 443
  rules:
    - matches:
      - method: {}
        headers: []
      -   method:
            service: a.B
    -
      weight: -5
      ratio: 1e3
      enabled: true
      on: y
    - plain
    - "quoted" # comment
    - 017
    -
`

// TestQuickReads says what the quick reader is for: without this a reader that
// always gives up would pass.
func TestQuickReads(t *testing.T) {
	var r reader
	text := strings.Replace(plainRoute, "      on: y\n", "", 1)
	for _, text := range []string{text, "  a: b\n  c:\n  - d\n", "a: b", "a:\n- b\n- c:\n  - d\n", "a: é # ü\nb: 日本\nc: 'é'\n"} {
		if _, ok := r.quickValue([]byte(text)); !ok {
			t.Errorf("gives up on\n%s", text)
		}
	}
	for _, text := range []string{plainRoute, "- a\n", "", "a: b\na: c\n", "a: b\n  c\n", "a: &x b\n", "a: |\n  b\n", "a: b: c\n", "a:\tb\n", "a: \u0085\n", "a: b\u2028\n", "a: \ufeffb\n", "a: \xe9\n", "é: b\n", "a: 'b''c'\n", "a: - b\n", "- - a\n", "--- a\n", "a: b\n...\n", "? a\n", "a: [b]\n", "'a': b\n", "y: b\n"} {
		if v, ok := r.quickValue([]byte(text)); ok {
			t.Errorf("reads %v from\n%s", v, text)
		}
	}
}

// compareQuick holds the quick reader to the parser wherever it does not give
// up.
func compareQuick(t *testing.T, text string) bool {
	t.Helper()
	var quick, parser reader
	got, ok := quick.quickValue([]byte(text))
	if !ok {
		return false
	}
	want, err := parser.parsedValue([]byte(text))
	if err != nil {
		t.Fatalf("quick reader takes what the parser refuses: %v in\n%s", err, text)
	}
	if diff := cmp.Diff(want, got); diff != "" || parser.duplicates && !strings.Contains(text, "<<") || quick.wide != parser.wide {
		t.Fatalf("(-parser +quick):\n%s\nduplicates %v, wide %v and %v in\n%s", diff, parser.duplicates, parser.wide, quick.wide, text)
	}
	return true
}

func TestQuickEqualsParser(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	pieces := []string{" ", "  ", "\n", "- ", "-", ": ", ":", "#", " #", "'", "\"", "a", "y", "1", "0", ".", "~", "{}", "[]", "{", "*a", "&a ", "!a ", "|", ">", "---", "...", "?", "\\", "a: b", "\n  ", "\n- ", "<<", "e", "_", "+", ",", "%", "@", "é", "\u00a0", "\u2028", "\u0085", "\ufeff", "\u212a", "😀"}
	read := 0
	for range 50_000 {
		text := plainRoute
		for range 1 + r.IntN(4) {
			i := r.IntN(len(text))
			switch r.IntN(3) {
			case 0:
				text = text[:i] + pieces[r.IntN(len(pieces))] + text[i:]
			case 1:
				text = text[:i] + text[min(len(text), i+1+r.IntN(6)):]
			default:
				text = text[:i] + pieces[r.IntN(len(pieces))] + text[min(len(text), i+1):]
			}
			if text == "" {
				text = plainRoute
			}
		}
		text = strings.Replace(text, "      on: y\n", "", 1)
		if compareQuick(t, text) {
			read++
		}
	}
	if read < 5_000 {
		t.Errorf("the quick reader takes only %d of the documents: the test shows too little", read)
	}
}

func FuzzQuick(f *testing.F) {
	f.Add(plainRoute)
	f.Add("a: 1\nb:\n- c: d\n  e: 'f'\n- ---\n")
	f.Fuzz(func(t *testing.T, text string) { compareQuick(t, text) })
}
