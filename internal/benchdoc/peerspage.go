package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

const peersMethod = `# Lint beside its peers

Written by ` + "`make bench-lint`" + ` (` + "`internal/benchdoc -peers`" + `); edit that, not this page.

## What each tool checks

| tool | version | reads | checks | does not check |
|---|---|---|---|---|
| grpcroute lint | this commit | YAML, with a position for every field | the schema, unknown fields, metadata, list types and CEL rules of the CRDs, and all rules of [rules.md](rules.md) over all documents together: references, attachment, precedence, reachability | kinds it does not know |
| grpcroute lint --rule schema-violation,unknown-field | this commit | the same | all documents are still admitted; two rules report | the other rules |
| kubeconform | %[1]s | YAML | each document alone against a JSON schema made of the CRD, unknown fields and repeated keys (` + "`-strict`" + `) | metadata, list types, CEL, anything between documents |
| kubectl-validate | %[2]s | YAML | each document alone as the API server does: schema, unknown fields, metadata, list types, CEL | anything between documents |

The peers get the CRDs of Gateway API %[3]s, standard channel: kubectl-validate as they are, kubeconform as JSON schemas in which objects
refuse unknown fields. The documents are GRPCRoutes beside one Gateway, a hundred to a file, as in [benchmarks.md](benchmarks.md); all of them
are valid, and every tool says so. All tools run in turn on one machine: %[4]s, %[5]d processors, %[6]s, %[7]s/%[8]s. Figures
are medians of %[9]d runs after one that warms the file cache. The largest input, and kubectl-validate, get one run; kubectl-validate
takes part in the smallest input only, because the others would take it minutes. CPU is user and system time, memory is the
largest resident set, both as getrusage reports them.
`

// peersNote stands below the bars.
const peersNote = `
What every document costs is spread over reading it, admission, compiling tables, the proof of reachability and the rules, none of which
takes a third. Rules speak of all documents together, and still lint does not hold them: routes that may meet, by host and service of a Gateway,
are looked at in groups, each of which is read again and let go. Of the others it remembers a few hundred bytes each. Here every route has a service
of its own on a host that all have in common; routes that take any call of that host would have to be held together.
`

// peersPage writes docs/benchmarks-lint.md.
func peersPage(all []peerRuns, machine, release string) string {
	var b strings.Builder
	fmt.Fprintf(&b, peersMethod, peerVersion("kubeconform", "github.com/yannh/kubeconform"), peerVersion("kubectl-validate", "sigs.k8s.io/kubectl-validate"), release,
		machine, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, all[0].processes[0].runs)
	b.WriteString("\n## Bars\n\n| what | measured | bar | kept |\n|---|---:|---|---|\n")
	first, last := &all[1].processes[0], &all[len(all)-1].processes[0]
	writePeerBar(&b, fmt.Sprintf("lint, %d documents, documents per CPU-second", first.documents), strconv.FormatFloat(first.perCPUSecond(), 'f', 0, 64),
		"at least 10000", first.perCPUSecond() >= 10_000)
	writePeerBar(&b, fmt.Sprintf("lint, %d documents, memory", last.documents), fmt.Sprintf("%d MB", last.rss>>20), fmt.Sprintf("below %d MB", memoryBar), last.rss>>20 < memoryBar)
	b.WriteString(peersNote)
	for _, r := range all {
		fmt.Fprintf(&b, "\n## %d documents\n\n| command | wall | CPU | documents per CPU-second | memory |\n|---|---:|---:|---:|---:|\n", r.documents)
		for i := range r.processes {
			p := &r.processes[i]
			fmt.Fprintf(&b, "| `%s` | %s | %s | %.0f | %d MB |\n", p.command, ms(p.wall), ms(p.cpu), p.perCPUSecond(), p.rss>>20)
		}
	}
	return b.String()
}

func writePeerBar(b *strings.Builder, what, measured, bar string, kept bool) {
	answer := "yes"
	if !kept {
		answer = "**no**"
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", what, measured, bar, answer)
}

// peerVersion is the version of a peer in tools/peers.
func peerVersion(peer, module string) string {
	out, err := exec.Command("go", "list", modfile(peer), "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
