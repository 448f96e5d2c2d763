package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/grpcroute/grpcroute/internal/crdgen/crds"
)

// The peers of lint, each with the modules of its own release: tools/peers/NAME.
const (
	kubeconform = "github.com/yannh/kubeconform/cmd/kubeconform"
	validate    = "sigs.k8s.io/kubectl-validate"
)

func modfile(peer string) string { return "-modfile=tools/peers/" + peer + "/go.mod" }

// The inputs beside that of benchmarks.md: the largest is that of the memory bar, a
// hundred thousand routes.
const (
	hugeFiles = 1000
	fewFiles  = 10  // for kubectl-validate
	memoryBar = 300 // MB, see issue 6
)

// peerRuns is what was measured over one input.
type peerRuns struct {
	documents int
	processes []process
}

// measurePeers builds lint and its peers and runs them over the same inputs, in
// turn, on one machine.
func measurePeers(dir string, runs int) ([]peerRuns, error) {
	bins := map[string]string{}
	for name, args := range map[string][]string{
		"grpcroute":        {"-trimpath", "-ldflags=-s -w", "./cmd/grpcroute"},
		"kubeconform":      {modfile("kubeconform"), kubeconform},
		"kubectl-validate": {modfile("kubectl-validate"), validate},
	} {
		bins[name] = filepath.Join(dir, name)
		c := exec.Command("go", append([]string{"build", "-o", bins[name]}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	definitions := filepath.Join(dir, "crds")
	if err := writeDefinitions(definitions); err != nil {
		return nil, err
	}
	var out []peerRuns
	for _, files := range []int{fewFiles, manyFiles, hugeFiles} {
		r, err := peersOver(dir, bins, files, runs)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// peersOver runs the tools over so many files. kubectl-validate takes part in the
// smallest input only, where it runs once: it needs minutes for each of the others.
func peersOver(dir string, bins map[string]string, files, runs int) (peerRuns, error) {
	input := filepath.Join(dir, fmt.Sprintf("routes-%d", files*routesPerFile))
	documents, err := writeFiles(input, files)
	if err != nil {
		return peerRuns{}, err
	}
	few, n := "schema-violation,unknown-field", strconv.Itoa(runtime.NumCPU())
	schemas := filepath.Join(dir, "crds", "json", "{{.ResourceKind}}_{{.ResourceAPIVersion}}.json")
	commands := []struct {
		name, shown string
		args        []string
	}{
		{"grpcroute", "grpcroute lint ROUTES", []string{"lint", input}},
		{"grpcroute", "grpcroute lint --rule " + few + " ROUTES", []string{"lint", "--rule", few, input}},
		{"kubeconform", "kubeconform -strict -n " + n + " -schema-location SCHEMAS ROUTES", []string{"-strict", "-n", n, "-schema-location", schemas, input}},
		{"kubectl-validate", "kubectl-validate --version 1.30 --local-crds CRDS ROUTES", []string{"--version", "1.30", "--local-crds", filepath.Join(dir, "crds", "yaml"), input}},
	}
	r := peerRuns{documents: documents}
	for _, c := range commands {
		slow := c.name == "kubectl-validate"
		if slow && files != fewFiles {
			continue
		}
		p := process{name: c.name, command: c.shown, runs: runs, documents: documents, clean: true, once: slow || files == hugeFiles}
		if err := p.measure(bins[c.name], c.args); err != nil {
			return r, err
		}
		fmt.Fprintf(os.Stderr, "%d documents: %s: CPU %s, memory %d MB\n", documents, p.command, ms(p.cpu), p.rss>>20)
		r.processes = append(r.processes, p)
	}
	return r, nil
}

// writeDefinitions writes the definitions of the newest release as the peers want
// them: as they are, and as JSON schemas that refuse unknown fields.
func writeDefinitions(dir string) error {
	releases := crds.Releases()
	all, err := releases[len(releases)-1].Load("standard")
	if err != nil {
		return err
	}
	for _, folder := range []string{"yaml", "json"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return err
		}
	}
	for _, crd := range all {
		text, err := yaml.Marshal(crd)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "yaml", crd.Name+".yaml"), text, 0o644); err != nil {
			return err
		}
		for i := range crd.Spec.Versions {
			if err := writeSchema(dir, crd, &crd.Spec.Versions[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeSchema(dir string, crd *apiextensionsv1.CustomResourceDefinition, v *apiextensionsv1.CustomResourceDefinitionVersion) error {
	text, err := json.Marshal(v.Schema.OpenAPIV3Schema)
	if err != nil {
		return err
	}
	var schema any
	if err := json.Unmarshal(text, &schema); err != nil {
		return err
	}
	refuseUnknown(schema)
	if text, err = json.Marshal(schema); err != nil {
		return err
	}
	name := fmt.Sprintf("%s_%s.json", strings.ToLower(crd.Spec.Names.Kind), v.Name)
	return os.WriteFile(filepath.Join(dir, "json", name), text, 0o644)
}

// refuseUnknown makes every object with properties refuse others, as an API server
// does when it validates strictly.
func refuseUnknown(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if _, ok := s["properties"].(map[string]any); ok && s["type"] == "object" && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
		for _, v := range s {
			refuseUnknown(v)
		}
	case []any:
		for _, v := range s {
			refuseUnknown(v)
		}
	}
}
