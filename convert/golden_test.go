package convert_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/render"
	"github.com/grpcroute/grpcroute/topology"
)

// TestGolden converts the files of testdata/convert/*.txtar; "want" has the
// documents that change, "report" what is said of them. A comment line that begins
// with "convert" holds --lossy, --profile=NAME and --route=NS/NAME.
func TestGolden(t *testing.T) {
	golden.Run(t, "../testdata/convert", func(t *testing.T, c *golden.Case) {
		dir := c.Extract(t, func(name string) bool { return name != "want" && name != "report" })
		t.Chdir(dir)
		set, err := manifest.Load([]string{"."}, manifest.Options{Unread: true})
		if err != nil {
			t.Fatal(err)
		}
		out, err := convert.Run(context.Background(), set, caseOptions(t, c, set))
		if err != nil {
			t.Fatal(err)
		}
		keepsComments(t, out)
		var report bytes.Buffer
		if err := render.ConvertText(&report, out, true, render.Options{Verbose: true}); err != nil {
			t.Fatal(err)
		}
		c.Want(t, "want", strings.ReplaceAll(string(convert.Documents(out)), "\r\n", "<CR>\n"))
		c.Want(t, "report", strings.ReplaceAll(report.String(), dir+string(filepath.Separator), ""))
	})
}

func caseOptions(t *testing.T, c *golden.Case, set *manifest.Set) convert.Options {
	t.Helper()
	o := options(t)
	o.Profiles, o.Auto = topology.Profiles(set), true
	for line := range strings.Lines(c.Comment()) {
		if !strings.HasPrefix(line, "convert ") {
			continue
		}
		for _, flag := range strings.Fields(line)[1:] {
			name, value, _ := strings.Cut(flag, "=")
			switch name {
			case "--lossy":
				o.Lossy = true
			case "--route":
				o.Only = append(o.Only, value)
			case "--profile":
				i := slices.IndexFunc(profile.All, func(p *profile.Profile) bool { return p.Name == value })
				o.Profiles, o.Auto = []*profile.Profile{profile.All[i]}, false
			default:
				t.Fatalf("unknown flag %q", flag)
			}
		}
	}
	return o
}

// keepsComments checks that each comment of a file is there after the edits, too,
// in the same order.
func keepsComments(t *testing.T, out *convert.Result) {
	t.Helper()
	for _, f := range out.Files {
		if before, after := comments(f.Old), comments(f.New); !slices.Equal(before, after) {
			t.Errorf("%s: comments %q before, %q after:\n%s", f.Name, before, after, f.New)
		}
	}
}

// comments lists what stands behind a "#" at the start of a line or behind a blank;
// test data has none inside of values.
func comments(text []byte) []string {
	var out []string
	for line := range strings.Lines(string(text)) {
		if at := strings.Index(" "+line, " #"); at >= 0 {
			out = append(out, strings.TrimSpace(line[at:]))
		}
	}
	return out
}
