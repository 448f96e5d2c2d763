package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/config"
)

func TestParse(t *testing.T) {
	yes := true
	got, err := config.Parse("dir/.grpcroute.yaml", []byte(`# a comment
profile: spec
as-built: true
gateway-api: 1.5
channel: experimental
assume: absent
tunnel: {protocol: quic}
exclude: [vendor, "**/testdata/**"]
resources:
- ../services
rules:
  no-catch-all: on
  cleartext-listener: off
  catch-all-host: false
  health-not-routed: "on"
  unknown-field: warning
overrides:
- paths: [staging]
  rules: &r {cleartext-listener: info}
- {paths: [dev], rules: *r}
suppression:
  require-reason: true
advice:
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		File: "dir/.grpcroute.yaml", Profile: "spec", AsBuilt: &yes, GatewayAPI: "1.5", Channel: "experimental", Assume: "absent",
		Tunnel: config.Tunnel{Protocol: "quic"}, Exclude: []string{"vendor", "**/testdata/**"}, Resources: []string{"../services"},
		Rules: map[string]config.Level{
			"no-catch-all": config.On, "cleartext-listener": config.Off, "catch-all-host": config.Off, "health-not-routed": config.On, "unknown-field": "warning",
		},
		Overrides: []config.Override{
			{Paths: []string{"staging"}, Rules: map[string]config.Level{"cleartext-listener": "info"}},
			{Paths: []string{"dev"}, Rules: map[string]config.Level{"cleartext-listener": "info"}},
		},
		Suppression: config.Suppression{RequireReason: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if got := got.Path("../services"); got != filepath.FromSlash("services") {
		t.Errorf("../services beside dir/.grpcroute.yaml is %s", got)
	}
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	for text, want := range map[string]string{
		"profil: spec\n":                              `f:1:1: unknown key "profil": did you mean "profile"?`,
		"tunnel:\n  protocl: quic\n":                  `f:2:3: unknown key "protocl": did you mean "protocol"?`,
		"suppression:\n  x: 1\n":                      `f:2:3: unknown key "x": expected one of require-reason`,
		"profile: kgatway\n":                          `f:1:10: unknown profile "kgatway": did you mean "kgateway"?`,
		"fail-on: none\n":                             `f:1:10: unknown fail-on "none": expected one of error, warning, info, never`,
		"gateway-api: '25'\n":                         `f:1:14: unknown gateway-api "25": expected one of 1.6, 1.5, 1.4, 1.3, 1.2, 1.1`,
		"rules:\n  unknown-feild: off\n":              `f:2:3: unknown rule "unknown-feild": did you mean "unknown-field"?`,
		"rules:\n  frobnicate: off\n":                 "f:2:3: unknown rule \"frobnicate\": `grpcroute rules` lists them all",
		"rules:\n  unknown-field: fatal\n":            `f:2:18: unknown level "fatal": expected one of off, on, info, warning, error`,
		"rules:\n  unknown-field: [off]\n":            `f:2:18: rule unknown-field has to be one of off, on, info, warning, error, not a list`,
		"rules: [unknown-field]\n":                    `f:1:8: rules has to be a mapping of keys to values`,
		"exclude: vendor\n":                           `f:1:10: exclude has to be a list, not "vendor"`,
		"exclude: [1]\n":                              `f:1:11: an item of exclude has to be a text, not "1"`,
		"exclude:\n- a\n- '!b'\n":                     `f:3:3: the pattern "!b": patterns cannot take files back in; write the other ones`,
		"exclude: ['a[b]']\n":                         `f:1:11: the pattern "a[b]": only *, ** and ? have a meaning`,
		"advice: maybe\n":                             `f:1:9: advice has to be true or false, not "maybe"`,
		"namespace: {a: b}\n":                         `f:1:12: namespace has to be a text, not a mapping`,
		"namespace: 1\n":                              `f:1:12: namespace has to be a text, not "1"`,
		"- a\n":                                       `f:1:1: the configuration has to be a mapping of keys to values`,
		"advice: true\nadvice: false\n":               `f:2:1: key "advice" is given twice`,
		"advice: true\n---\nadvice: true\n":           `f:2: a second document: the configuration is one`,
		"overrides:\n- rules: {unknown-field: off}\n": `f:2:3: an override without paths: name the files that it is for`,
		"a: [\nb: 1\n":                                `f:2: the file is not YAML: did not find expected ',' or ']'`,
		"profil: a\nchanel: b\n":                      "f:1:1: unknown key \"profil\": did you mean \"profile\"?\nf:2:1: unknown key \"chanel\": did you mean \"channel\"?",
	} {
		_, err := config.Parse("f", []byte(text))
		if err == nil {
			t.Errorf("%q is taken, want %s", text, want)
		} else if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestFind(t *testing.T) {
	top := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(top, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("a/b/c/x", "")
	write("a/.grpcroute.yaml", "")
	write("a/b/d/.grpcroute.yml", "")
	write("a/repo/.git/config", "")
	write("a/repo/deploy/x", "")
	write("two/.grpcroute.yml", "")
	write("two/.grpcroute.yaml", "")
	for dir, want := range map[string]string{
		"a": ".grpcroute.yaml", "a/b/c": "../../.grpcroute.yaml", "a/b/d": ".grpcroute.yml", "a/repo/deploy": "", "two": "both",
	} {
		t.Chdir(filepath.Join(top, filepath.FromSlash(dir)))
		got, err := config.Find(".")
		if err != nil {
			got, _, _ = strings.Cut(err.Error(), " ")
		}
		if got != filepath.FromSlash(want) {
			t.Errorf("in %s the file is %q, want %q", dir, got, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	t.Chdir(t.TempDir())
	c := &config.Config{File: filepath.Join("..", filepath.Base(mustGetwd(t)), config.Name)}
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{"vendor", []string{"vendor", "vendor/a.yaml", "x/vendor/a.yaml"}, []string{"vendors/a", "a/vendor.yaml"}},
		{"vendor/", []string{"vendor/a.yaml"}, []string{"vendors"}},
		{"*.json", []string{"a.json", "x/y/a.json"}, []string{"a.jsonx", "json"}},
		{"deploy/*.yaml", []string{"deploy/a.yaml"}, []string{"x/deploy/a.yaml", "deploy/x/a.yaml"}},
		{"deploy/**", []string{"deploy/a.yaml", "deploy/x/a.yaml"}, []string{"deploy.yaml", "x/deploy/a"}},
		{"**/testdata/**", []string{"testdata/a", "x/testdata/y/a"}, []string{"testdata.yaml"}},
		{"a/**/b", []string{"a/b", "a/x/y/b", "a/b/c"}, []string{"a/bc"}},
		{"./a?c/d", []string{"abc/d"}, []string{"ac/d", "a/c/d"}},
		{"ä/*", []string{"ä/b"}, []string{"a/b"}},
	} {
		match := c.Matcher([]string{tt.pattern})
		for _, path := range tt.yes {
			if !match(path) {
				t.Errorf("%q does not match %s", tt.pattern, path)
			}
		}
		for _, path := range append(tt.no, "../vendor/a.json", "other") {
			if match(path) {
				t.Errorf("%q matches %s", tt.pattern, path)
			}
		}
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
