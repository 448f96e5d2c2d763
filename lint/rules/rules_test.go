package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/rogpeppe/go-internal/txtar"
)

func snake(id string) string { return strings.ReplaceAll(id, "-", "_") }

// camel is the name of a rule's variable: "no-backend" is noBackend.
func camel(id string) string {
	words := strings.Split(id, "-")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// TestAllEqualsFolder compares the list with the rules declared in the folder.
func TestAllEqualsFolder(t *testing.T) {
	var declared []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		declared = append(declared, declaredIDs(t, file)...)
	}
	slices.Sort(declared)
	var listed []string
	for _, r := range rules.All {
		listed = append(listed, r.ID)
	}
	if !slices.IsSorted(listed) {
		t.Error("all.go is not sorted by id")
	}
	slices.Sort(listed)
	for _, id := range declared {
		if !slices.Contains(listed, id) {
			t.Errorf("all.go lacks the line:\n\t%s,", camel(id))
		}
	}
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("rules (-folder +all.go):\n%s", diff)
	}
	if unique := slices.Compact(slices.Clone(listed)); len(unique) != len(listed) {
		t.Error("an id is listed twice")
	}
	for _, id := range rules.Retired {
		if slices.Contains(listed, id) {
			t.Errorf("%s is retired and may not be given again", id)
		}
	}
}

// declaredIDs returns the ids of the rules in a file and checks that a rule's
// file and variable are called as its id says.
func declaredIDs(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		id := ruleID(spec.Values[0])
		if id == "" {
			return true
		}
		ids = append(ids, id)
		if name := spec.Names[0].Name; !strings.EqualFold(name, camel(id)) {
			t.Errorf("%s: the variable of rule %s is called %s, want %s", file, id, name, camel(id))
		}
		if file != snake(id)+".go" && file != "input.go" {
			t.Errorf("%s: rule %s belongs into %s.go", file, id, snake(id))
		}
		return true
	})
	return ids
}

// ruleID returns the id in "&lint.Rule{ID: "…"}".
func ruleID(e ast.Expr) string {
	ref, ok := e.(*ast.UnaryExpr)
	if !ok {
		return ""
	}
	lit, ok := ref.X.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	if sel, ok := lit.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Rule" {
		return ""
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "ID" {
			if v, ok := kv.Value.(*ast.BasicLit); ok {
				return strings.Trim(v.Value, `"`)
			}
		}
	}
	return ""
}

func TestRuleIsFilledIn(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, r := range rules.All {
		t.Run(r.ID, func(t *testing.T) {
			if !kebab.MatchString(r.ID) {
				t.Error("the id is not kebab-case")
			}
			if wrong := style(r.Summary); wrong != "" {
				t.Errorf("summary %q %s", r.Summary, wrong)
			}
			if r.Summary == "" || strings.Contains(r.Summary, "\n") {
				t.Error("the summary is not one line")
			}
			if !slices.Contains(lint.Sections, r.Section) {
				t.Errorf("section %q is not one of %v", r.Section, lint.Sections)
			}
			if r.Since == "" {
				t.Error("Since is empty")
			}
			if r.Check == nil && r.Section != lint.InputSection && r.Section != lint.SuppressionSection {
				t.Error("Check is nil outside the sections of input and suppression")
			}
		})
	}
}

// style says what is wrong with a message, or nothing.
func style(message string) string {
	first := []rune(message + " ")[0]
	word, _, _ := strings.Cut(message, " ")
	switch {
	case strings.HasSuffix(message, "."):
		return "ends in a full stop"
	case strings.Contains(message, "\n"):
		return "has more than one line"
	case strings.TrimSpace(message) != message || message == "":
		return "is empty or has blanks around it"
	case unicode.IsUpper(first) && !properNoun.MatchString(word) && !startsWithTitle(message):
		return "does not start in lower case"
	}
	return ""
}

// startsWithTitle reports whether a message begins with what an implementation is
// called.
func startsWithTitle(message string) bool {
	return slices.ContainsFunc(profile.All, func(p *profile.Profile) bool { return strings.HasPrefix(message, p.Title) })
}

// properNoun are words that keep their capitals at the start of a message: kinds
// and fields of the Kubernetes API, and acronyms.
var properNoun = regexp.MustCompile(`^[A-Z]+s?$|^[A-Z][A-Za-z]*[a-z][A-Z][A-Za-z]*$|^(Gateway|Service|Secret|Namespace|Deployment|Envoy)s?$|^[A-Z]{2}`)

// TestGoldenCasesExist: each rule has a case with a finding and one without.
func TestGoldenCasesExist(t *testing.T) {
	for _, r := range rules.All {
		found, quiet := false, false
		files, err := filepath.Glob(filepath.Join(cases, r.ID, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Files {
				if f.Name == "want" {
					has := strings.Contains(string(f.Data), " "+r.ID+" ")
					found, quiet = found || has, quiet || !has
				}
			}
		}
		if r.ID == "file-too-large" {
			found = true // a case of that size is made in package manifest's tests
		}
		if !found || !quiet {
			t.Errorf("%s/%s: case with a finding: %v, case without: %v; want both", cases, r.ID, found, quiet)
		}
	}
	folders, err := os.ReadDir(cases)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if rules.Get(f.Name()) == nil {
			t.Errorf("%s/%s belongs to no rule", cases, f.Name())
		}
	}
}
