package main

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/profile"
)

// verdicts names what an implementation does with a feature, for people.
var verdicts = map[profile.Verdict]string{
	profile.Unknown:   "unknown",
	profile.Supported: "supported",
	profile.Rejected:  "rejected",
	profile.Ignored:   "ignored",
}

// profiles is docs/profiles.md.
func profiles() string {
	var b strings.Builder
	b.WriteString("# Profiles\n\nWritten by `make generate` from package `profile`. A profile says what one implementation does where it\n" +
		"departs from the specification, each claim with the document or source file it was read in. `--profile NAME` chooses one;\n" +
		"`--profile auto`, the default, goes by the GatewayClass's `controllerName`, then by the class name. What no source says is\n" +
		"`unknown`, and the specification is followed.\n")
	for _, p := range profile.All {
		writeProfile(&b, p)
		if p.AsBuilt != nil {
			writeProfile(&b, p.AsBuilt)
		}
	}
	return b.String()
}

func writeProfile(b *strings.Builder, p *profile.Profile) {
	fmt.Fprintf(b, "\n## %s\n\n%s.", p.Name, p.Title)
	if len(p.Controllers) > 0 {
		fmt.Fprintf(b, " Controller `%s`.", strings.Join(p.Controllers, "`, `"))
	}
	b.WriteString("\n")
	if len(p.Claims) > 0 {
		b.WriteString("\n| feature | verdict | what it does | source |\n|---|---|---|---|\n")
		for _, c := range p.Claims {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", cell(c.Feature), verdicts[c.Verdict], cell(c.Says), cell(c.Source))
		}
	}
	if len(p.Constraints) > 0 {
		b.WriteString("\nWhat its documentation demands:\n\n| demand | documented by | enforced | by what the code shows |\n|---|---|---|---|\n")
		for _, c := range p.Constraints {
			enforced := "no"
			if c.Enforced {
				enforced = "yes"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", cell(c.Says), cell(c.Document), enforced, cell(c.Code))
		}
	}
}
