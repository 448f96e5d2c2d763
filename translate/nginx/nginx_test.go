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

func TestNginxTakesTheConfigurations(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 10
	}
	target.ValidateAll(t, "../..", n)
}

func TestCallsThroughNginxAgreeOnRandom(t *testing.T) {
	n, each := 300, 60
	if testing.Short() {
		n, each = 60, 60
	}
	target.CallRandom(t, n, each)
}

func TestCallsThroughNginxAgreeOnTestdata(t *testing.T) {
	of := 3
	if testing.Short() {
		of = 20
	}
	target.CallTestdata(t, "../..", of)
}

func TestCallsThroughNginxAgreeOnPatterns(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 100
	}
	target.CallPatterns(t, 1, n, 20)
}

func TestTLSOnBothSidesOfNginx(t *testing.T) { target.TLS(t) }

func TestNginxAsksClientsForCertificates(t *testing.T) { target.Clients(t) }

func TestStreamsThroughNginx(t *testing.T) { target.Streams(t) }

func TestDeadlinesPassThroughNginx(t *testing.T) { target.Deadlines(t) }
