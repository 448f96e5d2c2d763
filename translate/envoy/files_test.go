package envoy_test

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/translate/envoy"
)

// writeFiles lays the files of a translation into a folder, and returns the
// bootstrap's path.
func writeFiles(t testing.TB, ts []*routing.Table, o envoy.Options, dir string) string {
	t.Helper()
	files, _, err := envoy.Files(ts, o, dir, ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Join(dir, f.Name+".yaml")
		text, err := render.Configuration(f.Text, "yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+".new", text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, envoy.BootstrapFile+".yaml")
}

// stats returns the counters of an Envoy whose name ends so.
func stats(t testing.TB, admin, ending string) map[string]int {
	t.Helper()
	r, err := http.Get("http://" + admin + "/stats?filter=" + ending + "$")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	out := map[string]int{}
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		name, n, _ := strings.Cut(lines.Text(), ": ")
		if out[name], err = strconv.Atoi(n); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
	}
	return out
}

// everything is whether no case may be left out.
func everything() bool { return os.Getenv("GRPCROUTE_REQUIRE_ALL") == "1" }

// TestEnvoyTakesFolders runs an Envoy from the folder of each manifest set that opens
// a port: its validation alone does not look into the files. Unless everything is
// required, it takes some of them, others each time.
func TestEnvoyTakesFolders(t *testing.T) {
	agreement.Envoy(t)
	n, ran, secrets := 0, 0, 0
	for name, set := range agreement.ManifestSets(t, "../..") {
		ts := agreement.Tables(set)
		o := options(agreement.Opened(t, ts))
		if len(o.Listen) == 0 {
			continue
		}
		if n++; testing.Short() && n%20 != 0 || !everything() && n%6 != 0 {
			continue
		}
		o.Admin = agreement.Addresses(t, 1)[0]
		d, _, err := envoy.Discover(ts, o, envoy.ADS)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(d.Listeners) == 0 {
			continue
		}
		stop, inUse := start(t, writeFiles(t, ts, o, t.TempDir()), o.Admin)
		if inUse != "" {
			continue // somebody was faster
		}
		ran++
		secrets += len(d.Secrets)
		for stat, count := range stats(t, o.Admin, "update_rejected") {
			if count > 0 {
				t.Errorf("%s: %s: %d", name, stat, count)
			}
		}
		taken := 0
		for stat, count := range stats(t, o.Admin, "update_success") {
			if count > 0 && strings.Contains(stat, ".rds.") {
				taken++
			}
		}
		if taken != len(d.Routes) {
			t.Errorf("%s: %d of %d route configurations are in use", name, taken, len(d.Routes))
		}
		stop()
	}
	t.Logf("%d folders, %d certificates", ran, secrets)
	if ran == 0 || secrets == 0 && everything() {
		t.Errorf("%d folders were tried, with %d certificates", ran, secrets)
	}
}

// TestCallsThroughFoldersAgree makes calls through an Envoy that reads a folder.
func TestCallsThroughFoldersAgree(t *testing.T) {
	agreement.Envoy(t)
	comparison(t, 8, true).CallEach(randomTables(t, 40, false), 60, false)
}
