package config_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/config"
	"go.yaml.in/yaml/v3"
)

func TestStarter(t *testing.T) {
	seen := config.Seen{
		Profile: "spec", GatewayAPI: "1.4", Channel: "experimental", Notes: map[string]string{"profile": "A note."},
		Resources: []string{"a b", "c"}, ProtoPaths: []string{"proto"}, Sets: []string{"x.binpb"},
	}
	text := config.Starter(seen)
	got, err := config.Parse("f", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want := &config.Config{
		File: "f", Profile: "spec", GatewayAPI: "1.4", Channel: "experimental", Resources: []string{"a b", "c"},
		Proto: config.Proto{Paths: []string{"proto"}, DescriptorSets: []string{"x.binpb"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if !strings.Contains(text, "\n# A note.\nprofile: spec\n") {
		t.Errorf("the note is not above its key:\n%s", text)
	}
}

// TestStarterShowsEveryKey: what stands in comments is right, too, and is all there
// is.
func TestStarterShowsEveryKey(t *testing.T) {
	text := config.Starter(config.Seen{})
	if c, err := config.Parse("f", []byte(text)); err != nil || !cmp.Equal(c, &config.Config{File: "f"}) {
		t.Errorf("a starter that saw nothing sets %+v, %v", c, err)
	}
	all := regexp.MustCompile(`(?m)^#(\S|  )`).ReplaceAllString(text, "$1")
	if _, err := config.Parse("f", []byte(all)); err != nil {
		t.Errorf("%v\n%s", err, all)
	}
	var v map[string]any
	if err := yaml.Unmarshal([]byte(all), &v); err != nil {
		t.Fatal(err)
	}
	s := published(t)
	if err := s.Validate(map[string]any(v)); err != nil {
		t.Error(err)
	}
	for key := range s.Properties {
		if _, ok := v[key]; !ok {
			t.Errorf("the starter lacks the key %s", key)
		}
	}
}
