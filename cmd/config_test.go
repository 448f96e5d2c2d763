package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/config"
)

// TestEverySettingCountsAndFlagsWin: each key that has a flag does what the flag
// does, and the flag wins.
func TestEverySettingCountsAndFlagsWin(t *testing.T) {
	file := `profile: pingora
as-built: true
gateway-api: "1.3"
channel: experimental
assume: absent
namespace: shop
tunnel: {protocol: quic}
fail-on: info
strict-docs: true
advice: true
baseline: known.json
proto: {paths: [proto, more.proto], descriptor-sets: [a.binpb]}
`
	t.Chdir(t.TempDir())
	if err := os.WriteFile(config.Name, []byte(file), 0o644); err != nil {
		t.Fatal(err)
	}
	read := map[string]func(o *lintOptions) any{
		"profile":         func(o *lintOptions) any { return o.Input.Profile },
		"as-built":        func(o *lintOptions) any { return o.Input.AsBuilt },
		"gateway-api":     func(o *lintOptions) any { return o.Input.GatewayAPI },
		"channel":         func(o *lintOptions) any { return o.Input.Channel },
		"assume":          func(o *lintOptions) any { return o.Input.Assume },
		"namespace":       func(o *lintOptions) any { return o.Input.Namespace },
		"tunnel-protocol": func(o *lintOptions) any { return o.Input.TunnelProtocol },
		"fail-on":         func(o *lintOptions) any { return o.FailOn },
		"strict-docs":     func(o *lintOptions) any { return o.Strict },
		"advice":          func(o *lintOptions) any { return o.Advice },
		"baseline":        func(o *lintOptions) any { return o.Baseline.File },
		"proto":           func(o *lintOptions) any { return o.API.Protos },
		"descriptor-set":  func(o *lintOptions) any { return o.API.Sets },
	}
	for flag, tt := range map[string]struct{ without, file, given string }{
		"profile": {"auto", "pingora", "spec"}, "as-built": {"false", "true", "false"}, "gateway-api": {"1.6", "1.3", "1.2"},
		"channel": {"standard", "experimental", "standard"}, "assume": {"unknown", "absent", "present"}, "namespace": {"", "shop", "other"},
		"tunnel-protocol": {"input", "quic", "http2"}, "fail-on": {"error", "info", "never"}, "strict-docs": {"false", "true", "false"},
		"advice": {"false", "true", "false"}, "baseline": {"", "known.json", "other.json"},
		"proto": {"[]", "[proto more.proto]", "[other]"}, "descriptor-set": {"[]", "[a.binpb]", "[b.binpb]"},
	} {
		t.Run(flag, func(t *testing.T) {
			for _, run := range []struct {
				want string
				args []string
			}{
				{tt.without, []string{"--config", "", "x"}}, {tt.file, []string{"x"}}, {tt.given, []string{"x", "--" + flag + "=" + strings.Trim(tt.given, "[]")}},
			} {
				s, _, errs := quiet()
				c := newLintCmd(s, func(o *lintOptions) error {
					if err := o.configure(); err != nil {
						return err
					}
					if got := fmt.Sprint(read[flag](o)); got != run.want {
						t.Errorf("%v: %s, want %s", run.args, got, run.want)
					}
					return nil
				})
				c.SetArgs(run.args)
				if err := c.Execute(); err != nil {
					t.Fatal(err, errs)
				}
			}
		})
	}
}

// TestConfigurationPathsAreSeenFromItsFolder: also from a folder below it.
func TestConfigurationPathsAreSeenFromItsFolder(t *testing.T) {
	top := t.TempDir()
	if err := os.MkdirAll(filepath.Join(top, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(top, config.Name), []byte("resources: [r, ../q]\nexclude: [a/out]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(top, "a", "b"))
	o := &inputOptions{}
	if err := o.configure(); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(o.Config.resources(), o.Config.excluded("../out/x.yaml"), o.Config.excluded("out/x.yaml"), o.Config.excluded(config.Name))
	if want := fmt.Sprint([]string{filepath.FromSlash("../../r"), filepath.FromSlash("../../../q")}, true, false, true); got != want {
		t.Errorf("paths are %s, want %s", got, want)
	}
}
