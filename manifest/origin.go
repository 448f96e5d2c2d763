package manifest

import (
	"bytes"
	"strings"
)

// OriginAnnotation is where kustomize writes what an object was built from, with
// buildMetadata: [originAnnotations].
const OriginAnnotation = "config.kubernetes.io/origin"

// helmSource begins the comment that Helm writes above what a template made.
const helmSource = "# Source: "

// Rendered reports whether a file looks like what Helm writes.
func (f *File) Rendered() bool { return bytes.Contains(f.Text(), []byte(helmSource)) }

// Template returns the Helm template that made the document at an offset, as
// "chart/templates/route.yaml", or "".
func (f *File) Template(offset int) string {
	text := f.Text()
	offset = min(max(offset, 0), len(text))
	start := lineEnd(text, offset)
	if i := bytes.LastIndex(text[:start], lineSeparator); i >= 0 {
		start = i + 1
	} else {
		start = 0
	}
	for line := range bytes.Lines(text[start:]) {
		comment := strings.TrimSpace(string(line))
		if name, ok := strings.CutPrefix(comment, helmSource); ok {
			return strings.TrimSpace(name)
		}
		if comment != "" && comment[0] != '#' && !strings.HasPrefix(comment, "---") {
			break
		}
	}
	return ""
}

// KustomizeOrigin returns the file that kustomize took an object from, as
// "base/route.yaml" or "https://github.com/org/repo//base/route.yaml?ref=v1", or the
// kustomization that generated it, or "".
func (d *Document) KustomizeOrigin() string {
	text, _ := d.Annotation(OriginAnnotation)
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") {
			fields[key] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	path := fields["path"]
	if path == "" {
		path = fields["configuredIn"]
	}
	if repo := fields["repo"]; repo != "" && path != "" {
		path = repo + "//" + path
		if ref := fields["ref"]; ref != "" {
			path += "?ref=" + ref
		}
	}
	return path
}
