package nginx_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/nginx"
	"github.com/grpcroute/grpcroute/translate/plan"
)

var target = &agreement.Target{
	Program: "nginx", Config: "nginx.conf", Once: true,
	Translate: func(ts []*routing.Table, o plan.Options) ([]byte, diag.List, map[string][]byte, error) {
		r, err := nginx.Translate(ts, o)
		if err != nil {
			return nil, nil, nil, err
		}
		return r.Text, r.Notes, r.Files, nil
	},
	Check: func(config string) []string {
		return []string{"-t", "-q", "-c", config, "-e", "stderr", "-g", "pid " + filepath.Dir(config) + "/pid;"}
	},
	Run: func(config string) []string {
		return []string{"-c", config, "-e", "stderr", "-g", "daemon off; pid " + filepath.Dir(config) + "/pid;"}
	},
	Adapt: func(text, dir string) string {
		temporary := ""
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			temporary += "    " + kind + "_temp_path " + dir + "/" + kind + ";\n"
		}
		return strings.NewReplacer("http {\n", "http {\n"+temporary, "worker_processes auto;", "worker_processes 1;").Replace(text)
	},
}

func TestNginxAgrees(t *testing.T) { target.Agrees(t, "../..") }

func TestNginxSaysWhatIsLost(t *testing.T) {
	target.SaysLost(t,
		`8:5 spec.listeners[1]: listener "b" is left out: protocol TCP`,
		`9:5 spec.listeners[2]: listener "c" is left out: it has no certificate`,
		`9:67 spec.listeners[2].tls.certificateRefs[0]: listener "c": its Secret d/missing is not in the input`,
		`20:9 spec.rules[0].matches[0].headers[0]: nginx cannot be asked for header "host"`,
		`22:17 spec.rules[0].matches[1].headers[0]: nginx cannot be asked for header "x!y"`,
		`24:17 spec.rules[0].matches[2].headers[0]: nginx does not tell an empty header "k" from none`,
		`29:7 spec.rules[1].filters[0]: the mirror is left out`,
		`30:69 spec.rules[1].filters[1].responseHeaderModifier.set[0]: nginx writes header "server" by itself`,
		`31:67 spec.rules[1].filters[2].requestHeaderModifier.add[0]: of header "k" sent several times`,
		`36:7 spec.rules[2].filters[0]: nginx cannot be told what filter ExtensionRef does: the calls that it is for fail`,
		`37:25 spec.rules[2].sessionPersistence: session persistence is left out`,
		`49:15 spec.rules[0].matches[0].method: pattern "([ab][cd]){1000}" cannot be written for nginx`,
	)
}

// BenchmarkTranslate writes 10,000 routes.
func BenchmarkTranslate(b *testing.B) { target.Benchmark(b) }
