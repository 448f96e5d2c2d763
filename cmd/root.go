package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRootCmd builds the command tree. name is what the user typed to get here,
// which help and examples repeat.
func newRootCmd(s *Streams, name string) *cobra.Command {
	c := &cobra.Command{
		Use:   "grpcroute",
		Short: "Lint, predict and explain Kubernetes Gateway API GRPCRoutes",
		Long: `grpcroute reads Gateway API manifests from files and tells, without a cluster,
what the API server will refuse, which conditions a controller will write, and
which rule and backend a gRPC call will reach. What the input does not show is
reported as unknown, never guessed.

Exit codes: 0 fine; 1 findings, an unrouted call or a refused route; 2 wrong
usage; 3 the work could not be done.`,
		Example: `  grpcroute lint examples/shop
  grpcroute status -f examples/shop
  grpcroute explain -f examples/shop shop.example.com/shop.catalog.v1.Catalog/GetItem`,
		Version:           versionOf().Version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              knownCommand,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SetIn(s.In)
	c.SetOut(s.Out)
	c.SetErr(s.Err)
	c.SetFlagErrorFunc(flagError)
	c.SetVersionTemplate("{{.DisplayName}} {{.Version}}\n")
	c.SetUsageTemplate(strings.ReplaceAll(c.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 90 "))
	c.SetHelpCommand(newHelpCmd())
	c.AddCommand(
		newLintCmd(s, nil),
		newRulesCmd(s, nil),
		newExplainCmd(s, nil),
		newStatusCmd(s, nil),
		newDiffCmd(s, nil),
		newInitCmd(s, nil),
		newServeCmd(s, nil),
		newTranslateCmd(s, nil),
		newConvertCmd(s, nil),
		newVersionCmd(s, nil),
		newCompletionCmd(s),
	)
	if name != c.Use {
		rename(c, name)
	}
	return c
}

// newHelpCmd prints help as --help does, and refuses what is no command.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Print the help of a command",
		Example: "  grpcroute help lint",
		RunE: func(c *cobra.Command, args []string) error {
			found, rest, err := c.Root().Find(args)
			if err != nil || found == c.Root() && len(rest) > 0 {
				return knownCommand(c.Root(), args)
			}
			return found.Help()
		},
	}
}

// rename makes help speak of the tool by another name.
func rename(c *cobra.Command, name string) {
	c.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: name}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.Example = strings.ReplaceAll(c.Example, "grpcroute ", name+" ")
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(c)
}

// knownCommand refuses a word that is no command and names the nearest one.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(append(names, sub.Name()), sub.Aliases...)
		}
	}
	if near := lint.Nearest(args[0], names); near != "" {
		return usagef("unknown command %q: did you mean %q?", args[0], near)
	}
	return usagef("unknown command %q: expected one of %s", args[0], strings.Join(names, ", "))
}

// flagError makes a wrong flag a usage error and names the nearest right one.
// When the word before it is no command, that is the mistake to tell.
func flagError(c *cobra.Command, err error) error {
	if words := c.Flags().Args(); !c.HasParent() && len(words) > 0 {
		return knownCommand(c, words)
	}
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return usage(err)
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := lint.Nearest(name, names); near != "" {
		return usagef("unknown flag --%s: did you mean --%s?", name, near)
	}
	return usagef("unknown flag --%s", name)
}

// noArgs refuses arguments by naming the first of them.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}

// enum is a flag that takes one of a few values.
type enum struct {
	value   *string
	allowed []string
}

// addEnum adds such a flag with its completion. The first value is the default
// unless *p holds one.
func addEnum(c *cobra.Command, p *string, name, short string, allowed []string, about string) {
	if *p == "" && len(allowed) > 0 {
		*p = allowed[0]
	}
	c.Flags().VarP(&enum{p, allowed}, name, short, about+": "+strings.Join(allowed, ", "))
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
}

// String returns the value.
func (e *enum) String() string { return *e.value }

// Type stands for the value in help.
func (e *enum) Type() string { return "value" }

// Set takes one of the allowed values.
func (e *enum) Set(text string) error {
	if slices.Contains(e.allowed, text) {
		*e.value = text
		return nil
	}
	if near := lint.Nearest(text, e.allowed); near != "" {
		return fmt.Errorf("did you mean %q? expected one of %s", near, strings.Join(e.allowed, ", "))
	}
	return fmt.Errorf("expected one of %s", strings.Join(e.allowed, ", "))
}
