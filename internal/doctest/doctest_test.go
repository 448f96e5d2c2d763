// Package doctest runs what README.md and docs/ say: every command of every
// console block is executed from the top of the repository and its output
// compared. UPDATE_GOLDEN=1 rewrites the blocks.
package doctest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	// The test builds the command; the import lets the test cache know of it.
	_ "github.com/grpcroute/grpcroute/cmd"
)

// top is the repository's top folder, seen from this package.
const top = "../.."

func TestDocumentsSayWhatTheToolDoes(t *testing.T) {
	bin := build(t)
	pages, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, page := range append(pages, filepath.Join(top, "README.md")) {
		t.Run(filepath.Base(page), func(t *testing.T) {
			was, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			now, n := replay(t, bin, string(was))
			ran += n
			if now == string(was) {
				return
			}
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("the page is not what the tool prints (-page +tool):\n%s", cmp.Diff(strings.Split(string(was), "\n"), strings.Split(now, "\n")))
		})
	}
	if ran == 0 {
		t.Error("no command was run: expected console blocks in README.md")
	}
}

// build compiles the command and returns the folder it is in.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "grpcroute"), top+"/cmd/grpcroute").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

// replay returns a page with the output of its console blocks replaced by what
// the commands print now, and how many commands there were. A block holds
// "$ command" lines, each followed by its output; a command line that ends in a
// backslash goes on in the next line.
func replay(t *testing.T, bin, page string) (string, int) {
	t.Helper()
	var out strings.Builder
	lines, inside, n := strings.SplitAfter(page, "\n"), false, 0
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case !inside:
			inside = strings.TrimSpace(line) == "```console"
		case strings.HasPrefix(line, "```"):
			inside = false
		case strings.HasPrefix(line, "$ "):
			command := strings.TrimPrefix(line, "$ ")
			out.WriteString(line)
			for strings.HasSuffix(command, "\\\n") {
				i++
				command += lines[i]
				out.WriteString(lines[i])
			}
			out.WriteString(run(t, bin, command))
			n++
			continue
		default:
			continue // the output of before
		}
		out.WriteString(line)
	}
	return out.String(), n
}

// run executes one command line with a shell, as a reader would paste it, and
// returns what it prints on both streams.
func run(t *testing.T, bin, command string) string {
	t.Helper()
	c := exec.Command("sh", "-c", command)
	c.Dir = top
	c.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "COLUMNS=100", "NO_COLOR=1")
	var both bytes.Buffer
	c.Stdout, c.Stderr = &both, &both
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Errorf("%s: %v", command, err)
	}
	if both.Len() > 0 && !bytes.HasSuffix(both.Bytes(), []byte("\n")) {
		both.WriteByte('\n')
	}
	return both.String()
}
