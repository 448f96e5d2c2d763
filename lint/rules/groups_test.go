package rules_test

import (
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	"github.com/rogpeppe/go-internal/txtar"
)

// A large input is looked at in groups of routes. These tests make every input
// large and the groups as small as can be: what is found must be the same, to the
// last position and edit.

// manifestSet are files of one set.
type manifestSet struct {
	name  string
	files []txtar.File
}

// manifestSets are the cases of testdata.
func manifestSets(t *testing.T) []manifestSet {
	t.Helper()
	var out []manifestSet
	err := filepath.WalkDir("../../testdata", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txtar" {
			return err
		}
		archive, err := txtar.ParseFile(path)
		if err != nil {
			return err
		}
		s := manifestSet{name: path}
		for _, f := range archive.Files {
			if manifest.IsManifestName(f.Name) {
				s.files = append(s.files, f)
			}
		}
		if len(s.files) > 0 {
			out = append(out, s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 200 {
		t.Fatalf("%d manifest sets: the search is wrong", len(out))
	}
	return out
}

// write writes sets into one folder, each below a folder of its own.
func write(t *testing.T, sets ...manifestSet) string {
	t.Helper()
	dir := t.TempDir()
	for i, s := range sets {
		for _, f := range s.files {
			path := filepath.Join(dir, fmt.Sprint(i), f.Name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// lintOptions are the n-th of all profiles, assumptions and advice or none.
func lintOptions(n int) lint.Options {
	var profiles []*profile.Profile
	for _, p := range profile.All {
		profiles = append(profiles, p)
		if p.AsBuilt != nil {
			profiles = append(profiles, p.AsBuilt)
		}
	}
	profiles = append(profiles, nil, nil, nil) // what Gateways choose
	return lint.Options{
		Profile: profiles[n%len(profiles)], Assume: topology.Assume(n / len(profiles) % 3), Advice: n/len(profiles)/3%2 == 1,
	}
}

// sameInGroups lints a folder at once and in groups, and returns what comes of the
// groups.
func sameInGroups(t *testing.T, dir string, o lint.Options) *lint.Result {
	t.Helper()
	whole, r := lintWatched(t, dir, math.MaxInt64, o), lintWatched(t, dir, 1, o)
	of := func(r *lint.Result) *lint.Result {
		of := *r
		of.Groups, of.Suggestions = 0, nil // these differ
		return &of
	}
	if diff := cmp.Diff(of(whole), of(r), cmpopts.IgnoreFields(lint.Result{}, "Profiles")); diff != "" {
		name := "auto"
		if o.Profile != nil {
			name = o.Profile.Name
		}
		t.Errorf("profile %s, assume %d, advice %t: with all routes (-) and few at a time (+):\n%s", name, o.Assume, o.Advice, diff)
	}
	return r
}

func TestGroupsOfTestdata(t *testing.T) {
	t.Parallel()
	for i, s := range manifestSets(t) {
		t.Run(s.name, func(t *testing.T) { sameInGroups(t, write(t, s), lintOptions(i)) })
	}
}

// TestGroupsOfMixtures puts sets together, so that routes meet others that were not
// written for them.
func TestGroupsOfMixtures(t *testing.T) {
	t.Parallel()
	sets := manifestSets(t)
	r := rand.New(rand.NewPCG(26, 6))
	for i := range 150 {
		mixed := make([]manifestSet, 2+r.IntN(4))
		name := ""
		for j := range mixed {
			mixed[j] = sets[r.IntN(len(sets))]
			name += " " + filepath.Base(filepath.Dir(mixed[j].name)) + "/" + filepath.Base(mixed[j].name)
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if sameInGroups(t, write(t, mixed...), lintOptions(r.IntN(1000))); t.Failed() {
				t.Log(name)
			}
		})
	}
}
