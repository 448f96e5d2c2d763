package cmd

import (
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/spf13/cobra"
)

// shells are what completion can be generated for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletionCmd(s *Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell: " + strings.Join(shells, ", "),
		Long: `Print a completion script. To load it in each new shell:

  bash        grpcroute completion bash > /etc/bash_completion.d/grpcroute
  zsh         grpcroute completion zsh > "${fpath[1]}/_grpcroute"
  fish        grpcroute completion fish > ~/.config/fish/completions/grpcroute.fish
  powershell  grpcroute completion powershell | Out-String | Invoke-Expression

The same scripts are in the folder completions of a release.`,
		Example:   "  grpcroute completion bash",
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("expected a shell: one of %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			switch args[0] {
			case "bash":
				return written(root.GenBashCompletionV2(s.Out, true))
			case "zsh":
				return written(root.GenZshCompletion(s.Out))
			case "fish":
				return written(root.GenFishCompletion(s.Out, true))
			case "powershell":
				return written(root.GenPowerShellCompletionWithDesc(s.Out))
			}
			if near := lint.Nearest(args[0], shells); near != "" {
				return usagef("unknown shell %q: did you mean %q?", args[0], near)
			}
			return usagef("unknown shell %q: expected one of %s", args[0], strings.Join(shells, ", "))
		},
	}
}
