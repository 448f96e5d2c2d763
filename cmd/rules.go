package cmd

import (
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/render"
	"github.com/spf13/cobra"
)

// rulesOptions are the flags of rules.
type rulesOptions struct {
	Streams *Streams
	ID      string // "" for the catalogue
	Output  outputOptions
}

func newRulesCmd(s *Streams, run func(*rulesOptions) error) *cobra.Command {
	o := &rulesOptions{Streams: s}
	if run == nil {
		run = runRules
	}
	c := &cobra.Command{
		Use:   "rules [ID]",
		Short: "List the lint rules, or print the page of one",
		Example: `  grpcroute rules
  grpcroute rules schema-violation`,
		ValidArgsFunction: completeRules,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("expected one rule id, got %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.ID = args[0]
			}
			return run(o)
		},
	}
	o.Output.addFlags(c, "text", "json")
	return c
}

func runRules(o *rulesOptions) error {
	s, asJSON := o.Streams, o.Output.Format == "json"
	if o.ID == "" {
		if asJSON {
			return written(render.RulesJSON(s.Out, rules.All))
		}
		return written(render.RulesText(s.Out, rules.All, o.Output.text(s)))
	}
	page, err := rules.Page(o.ID)
	if err != nil {
		return usage(err)
	}
	if asJSON {
		return written(render.RulePageJSON(s.Out, rules.Get(o.ID), page))
	}
	return written(render.RulePageText(s.Out, rules.Get(o.ID), page, o.Output.text(s)))
}

// completeRules offers rule ids with their summaries.
func completeRules(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	for _, r := range rules.All {
		out = append(out, cobra.CompletionWithDesc(r.ID, r.Summary))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
