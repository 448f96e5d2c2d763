package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Seen is what a look at a repository says about its configuration. Paths are seen
// from the folder of the file.
type Seen struct {
	Profile    string // "" when the input does not say
	GatewayAPI string
	Channel    string
	Notes      map[string]string // by key: one sentence on why
	Resources  []string
	ProtoPaths []string
	Sets       []string // descriptor sets
}

// samples are the lines of keys that are not set, for people to edit.
var samples = map[string][]string{
	"as-built":    {"as-built: false"},
	"namespace":   {"namespace: default"},
	"tunnel":      {"tunnel:", "  protocol: input"},
	"exclude":     {"exclude:", `- "**/testdata/**"`},
	"resources":   {"resources:", "- ../platform"},
	"proto":       {"proto:", "  paths:", "  - proto", "  descriptor-sets:", "  - gen/services.binpb"},
	"strict-docs": {"strict-docs: false"},
	"advice":      {"advice: false"},
	"baseline":    {"baseline: grpcroute-baseline.json"},
	"rules":       {"rules:", "  no-catch-all: on", "  cleartext-listener: off", "  catch-all-host: error"},
	"overrides":   {"overrides:", `- paths: ["staging/**"]`, "  rules: {cleartext-listener: off}"},
	"suppression": {"suppression:", "  require-reason: false"},
	"profile":     {"profile: auto"},
	"gateway-api": nil,
	"channel":     {"channel: standard"},
	"assume":      {"assume: unknown"},
	"fail-on":     {"fail-on: error"},
}

// Starter writes a first file: what was seen is set, everything else stands in a
// comment with its default. A line with "# " is for people; without the blank it
// can be taken out of its comment.
func Starter(seen Seen) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: what the command lines of this repository have in common. Flags win over it.\n", Name)
	b.WriteString("# yaml-language-server: $schema=" + SchemaID + "\n")
	for _, f := range fieldsOf(reflect.TypeFor[Config]()) {
		b.WriteString("\n# " + strings.ToUpper(f.about[:1]) + f.about[1:])
		if f.values != "" && f.keys == "" {
			b.WriteString(": " + strings.Join(Values(f.values), ", "))
		}
		b.WriteString(".\n")
		if note := seen.Notes[f.key]; note != "" {
			b.WriteString("# " + note + "\n")
		}
		lines, mark := seen.lines(f.key), ""
		if lines == nil {
			lines, mark = samples[f.key], "#"
		}
		if f.key == "gateway-api" && mark == "#" {
			lines = []string{"gateway-api: " + strconv.Quote(Values("gateway-api")[0])}
		}
		for _, line := range lines {
			b.WriteString(mark + line + "\n")
		}
	}
	return b.String()
}

// lines are those of a key that was seen.
func (s *Seen) lines(key string) []string {
	list := func(key, indent string, paths []string) []string {
		if len(paths) == 0 {
			return nil
		}
		out := []string{indent + key + ":"}
		for _, p := range paths {
			out = append(out, indent+"- "+strconv.Quote(p))
		}
		return out
	}
	one := func(value string) []string {
		if value == "" {
			return nil
		}
		return []string{key + ": " + value}
	}
	switch key {
	case "profile":
		return one(s.Profile)
	case "gateway-api":
		if s.GatewayAPI != "" {
			return one(strconv.Quote(s.GatewayAPI))
		}
	case "channel":
		return one(s.Channel)
	case "resources":
		return list(key, "", s.Resources)
	case "proto":
		if inner := append(list("paths", "  ", s.ProtoPaths), list("descriptor-sets", "  ", s.Sets)...); inner != nil {
			return append([]string{"proto:"}, inner...)
		}
	}
	return nil
}
