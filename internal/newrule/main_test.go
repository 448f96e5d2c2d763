package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const list = `package rules

// All lists the rules.
var All = []*lint.Rule{
	allWeightsZero,
	noBackend,
}

// Retired lists old ids.
var Retired = []string{}
`

func TestCreate(t *testing.T) {
	top := t.TempDir()
	all := filepath.Join(top, "lint", "rules", "all.go")
	if err := os.MkdirAll(filepath.Dir(all), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(all, []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	written, err := create(top, "backend-port-missing")
	if err != nil {
		t.Fatal(err)
	}
	for i := range written {
		written[i], _ = filepath.Rel(top, written[i])
	}
	want := []string{
		"lint/rules/backend_port_missing.go",
		"lint/rules/backend_port_missing.md",
		"testdata/lint/backend-port-missing/found.txtar",
		"testdata/lint/backend-port-missing/quiet.txtar",
		"lint/rules/all.go",
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	got, err := os.ReadFile(all)
	if err != nil {
		t.Fatal(err)
	}
	wantList := strings.Replace(list, "\tnoBackend", "\tbackendPortMissing,\n\tnoBackend", 1)
	if diff := cmp.Diff(wantList, string(got)); diff != "" {
		t.Errorf("all.go (-want +got):\n%s", diff)
	}
	rule, err := os.ReadFile(filepath.Join(top, want[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"backend-port-missing"`, "var backendPortMissing = ", "func checkBackendPortMissing("} {
		if !strings.Contains(string(rule), part) {
			t.Errorf("the rule's file lacks %s:\n%s", part, rule)
		}
	}
	if _, err := create(top, "backend-port-missing"); err == nil {
		t.Error("a rule was created twice")
	}
	if _, err := create(top, "Backend_Port"); err == nil {
		t.Error("an id that is not kebab-case was taken")
	}
}
