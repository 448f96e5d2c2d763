package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// reference reads as Kubernetes does: sigs.k8s.io/yaml, then a JSON decoder that
// keeps integers.
func reference(text string) (any, error) {
	text = strings.TrimSuffix(text, "\n...\n")
	j, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	var v any
	err = kjson.UnmarshalCaseSensitivePreserveInts(j, &v)
	return v, err
}

// readObject returns the value that is read from a file with one object.
func readObject(object string) (map[string]any, *manifest.Set) {
	set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(object)}}, manifest.Options{})
	if len(set.Documents) != 1 {
		return nil, set
	}
	return set.Documents[0].Value, set
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"

// oddScalars are plain and tagged scalars that YAML 1.1, YAML 1.2 and authors
// read differently.
var oddScalars = []string{
	"y", "Y", "yes", "Yes", "YES", "yEs", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
	"true", "True", "TRUE", "tRUE", "false", "False", "FALSE", "t", "f", "o",
	"~", "null", "Null", "NULL", "nUll", "", "nil", "none",
	"0", "-0", "+0", "00", "1", "+1", "-1", "01", "017", "018", "0o17", "0O17", "0o18", "0x1F", "0X1f", "0x", "-0x1F",
	"0b101", "-0b101", "0b2", "1_000", "_1", "1_", "1__0", "0_7", "0x_1F", "12345678901234567890", "18446744073709551615",
	"18446744073709551616", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"2147483647", "2147483648", "-2147483648", "-2147483649",
	"1.0", "1.", ".5", "-.5", "+.5", "1.5", "-0.0", "1e3", "1E3", "1e+3", "1e-3", "1.5e3", "1e21", "1e20", "1e400", "1e-400", "1_0.5",
	"123456789.123456789", "0.1", "1e15", "1e16", "9007199254740993", "9007199254740993.0", "9.3e18", "1152921504606846976.0", "1e18", "-1e19", "-9.3e18", "9223372036854775807.0",
	".inf", ".Inf", ".INF", "-.inf", "+.inf", ".nan", ".NaN", "inf", "nan", "Infinity",
	"2001-01-01", "2001-1-1", "2001-01-01T00:00:00Z", "2001-01-01 12:30:45", "2001-01-01t12:30:45.5+01:00", "2001-13-41",
	"12:30:45", "1:30", "190:20:30.15", "1:2",
	"!!str 1", "!!str y", "!!str", "!!str 2001-01-01", "!!int '1'", "!!int \"0x10\"", "!!int 1.5", "!!float 1", "!!float '1e3'", "!!bool 'y'", "!!bool yes", "!!null ''", "!!null x",
	"!!timestamp '2001-01-01'", "!!timestamp 2001-01-01", "!!binary aGVsbG8=", "!!binary /wD/", "!!binary '%%%'", "! 1", "! y", "!foo bar", "!foo 1", "!<tag:yaml.org,2002:str> 1",
	"'1'", "\"yes\"", "'it''s'", "\"\\x41\\u00e9\\U0001F600\"", "\"a\\\n  b\"", "\"\\xff\"", "'~'", "\"\"", "''", "\"a\\tb\"", "\"\\N\\_\\L\\P\\e\\0\"",
	"=", "<<", "'<<'", "-", "--", "?", ":", "-1-", "a:b", "a: b", "a #b", "a#b", "#b", "@a", "`a", "%a", "&a b", "*a", "!a", "|", ">", "a b", "a, b", "{a}", "[a]", "{}", "[]", "{a: b, c}", "[a: b]", "{? a : b}", "[~, , 1]",
	"{1: a}", "{1.5: a}", "{1e3: a}", "{y: a}", "{~: a}", "{2001-01-01: a}", "{.inf: a}", "{!!binary aGk=: a}", "{[a]: b}", "{{a: b}: c}", "{18446744073709551615: a}", "{0x10: a}", "{0.1: a, 1e-7: b}",
	"|\n    a\n    b\n", "|-\n    a\n\n", "|+\n    a\n\n", ">\n    a\n    b\n\n    c\n     d\n    e\n", "|2\n      a\n    b\n", ">-\n    a\n", "|\n\n    a\n", "|\n", "a\n    b\n\n    c", "'a\n    b\n\n    c'", "\"a\n    b\n\n    c\"", "- a\n  - b", "a\tb", "\ta", "a \t",
	"é", "日本", "\u0085", "a\u2028b", "\u00a0a", "\ufeffa", "😀", "a\u0000b", "\u0007",
	"[y, n, ~, 1_000, 0o17, 1e3]", "{a: {b: [y, {c: 017}]}}", "1 # comment", "'a' # comment",
}

func TestReadingEqualsKubernetes(t *testing.T) {
	for i, scalar := range oddScalars {
		for _, form := range []string{"data:\n  x: %s\n", "data:\n- %s\n", "data: {x: %s}\n", "data:\n  ? %s\n  : 1\n", "data: [%s]\n"} {
			text := configMap + strings.Replace(form, "%s", scalar, 1)
			t.Run(fmt.Sprintf("%d/%q", i, text[len(configMap):]), func(t *testing.T) { compareReading(t, text) })
		}
	}
}

// compareReading reads a document both ways: equal values, or errors from both.
func compareReading(t testing.TB, text string) {
	t.Helper()
	want, wantErr := reference(text)
	got, set := readObject(text)
	failed := len(set.Problems) > 0 && got == nil
	if failed != (wantErr != nil) {
		t.Fatalf("problems %v, reference error %v, in\n%s", set.Problems, wantErr, text)
	}
	if wantErr != nil {
		return
	}
	if diff := cmp.Diff(want, any(got)); diff != "" {
		t.Errorf("value differs from sigs.k8s.io/yaml (-want +got):\n%s\nin\n%s", diff, text)
	}
}

func TestReadingMergeKeys(t *testing.T) {
	for name, data := range map[string]string{
		"before":      "x: &x {a: 1, b: 2}\n  y:\n    <<: *x\n    a: 3",
		"after":       "x: &x {a: 1, b: 2}\n  y:\n    a: 3\n    <<: *x",
		"list":        "x: &x {a: 1}\n  z: &z {a: 2, c: 3}\n  y:\n    <<: [*x, *z]",
		"inline":      "y:\n    <<: {a: 1}\n    b: 2",
		"nested":      "x: &x {a: 1}\n  z: &z {<<: *x, b: 2}\n  y: {<<: *z}",
		"quoted":      "y: {'<<': 1}",
		"not a map":   "y: {<<: 1}",
		"odd keys":    "x: &x {1: a, y: b}\n  y: {<<: *x, 1: c}",
		"alias":       "x: &x [1, {a: y}]\n  y: *x",
		"itself":      "x: &x [*x]",
		"unknown":     "x: *nobody",
		"alias twice": "x: &x {a: &a 017}\n  y: [*x, *a, *x]",
		"redefined":   "x: &x 1\n  y: *x\n  z: &x 2\n  w: *x",
	} {
		t.Run(name, func(t *testing.T) { compareReading(t, configMap+"data:\n  "+data+"\n") })
	}
}

// randomYAML writes a random document from the pieces that make YAML hard.
func randomYAML(r *rand.Rand, indent, depth int) string {
	pad := strings.Repeat(" ", indent)
	var b strings.Builder
	n := 1 + r.IntN(3)
	list := r.IntN(3) == 0
	for i := range n {
		b.WriteString(pad)
		if list {
			b.WriteString("-")
		} else if r.IntN(6) == 0 {
			fmt.Fprintf(&b, "%s:", pick(r, []string{"1", "y", "'a b'", "~a", "0x1", "1.50", "on", "\"q\"", "é"})+fmt.Sprint(i))
		} else {
			fmt.Fprintf(&b, "k%d:", i)
		}
		if depth > 0 && r.IntN(2) == 0 {
			if r.IntN(4) == 0 {
				fmt.Fprintf(&b, " # comment %d", i)
			}
			b.WriteString("\n" + randomYAML(r, indent+1+r.IntN(3), depth-1))
			continue
		}
		if depth > 0 && r.IntN(6) == 0 {
			fmt.Fprintf(&b, " &%c\n%s", 'a'+rune(r.IntN(3)), randomYAML(r, indent+1+r.IntN(3), depth-1))
			continue
		}
		scalar := pick(r, oddScalars)
		switch r.IntN(12) {
		case 0:
			scalar = fmt.Sprintf("*%c", 'a'+rune(r.IntN(3)))
		case 1:
			scalar = fmt.Sprintf("&%c %s", 'a'+rune(r.IntN(3)), scalar)
		case 2:
			scalar = fmt.Sprintf("{<<: *%c, k: v, q: [%s, *%c]}", 'a'+rune(r.IntN(3)), scalar, 'a'+rune(r.IntN(3)))
		}
		if strings.Contains(scalar, "\n") {
			scalar = strings.ReplaceAll(scalar, "\n    ", "\n"+pad+"   ")
		}
		b.WriteString(" " + strings.TrimRight(scalar, "\n") + "\n")
		if r.IntN(8) == 0 {
			b.WriteString(pick(r, []string{"\n", pad + "# note\n", "  \n"}))
		}
	}
	return b.String()
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func TestReadingRandomDocuments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 6000 {
		text := configMap + "data:\n" + randomYAML(r, 2, 3)
		if _, err := reference(text); err == nil {
			good++
		}
		compareReading(t, text)
	}
	if good < 600 {
		t.Errorf("only %d of the random documents are valid: the test shows too little", good)
	}
}

func TestReadingJSON(t *testing.T) {
	for _, data := range []string{
		`{"a": 1, "b": 1.0, "c": 1e3, "d": 9223372036854775808, "e": -0, "f": "\u00e9\ud800", "g": [true, null, {}]}`,
		`{"port": 1.5e2, "y": "y", "deep": [[[[1]]]], "tab":	1}`,
	} {
		text := `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": ` + data + "}"
		var want any
		if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(text), "", "\t"); err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{text, "\ufeff\n\t" + text, indented.String(), text + "\n---\n"} {
			got, set := readObject(form)
			if diff := cmp.Diff(want, any(got)); diff != "" {
				t.Errorf("(-want +got):\n%s%v in %s", diff, set.Problems, form)
			}
		}
	}
}

// FuzzReading compares whatever is one document of a known kind.
func FuzzReading(f *testing.F) {
	for _, s := range oddScalars {
		f.Add("data:\n  x: " + s + "\n")
	}
	for _, s := range fuzzSeeds {
		f.Add(strings.TrimPrefix(s, configMap))
	}
	f.Fuzz(func(t *testing.T, data string) {
		for _, s := range []string{"\x00", "\n---", "kind", "apiVersion"} { // another object, or more than one
			if strings.Contains("\n"+data, s) {
				return
			}
		}
		if want, err := reference(configMap + data); err == nil {
			if m, ok := want.(map[string]any); !ok || m["kind"] != "ConfigMap" || m["apiVersion"] != "v1" {
				return // by an escape
			}
		}
		if len(data) < maxFuzzBytes {
			compareReading(t, configMap+data)
		}
	})
}
