package render

import (
	"bytes"
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

// Configuration writes a JSON document as format says: "json", with the fields in
// the order they have, or "yaml", with the fields by name.
func Configuration(text []byte, format string) ([]byte, error) {
	if format == "yaml" {
		out, err := yaml.JSONToYAML(text)
		if err != nil {
			return nil, fmt.Errorf("write YAML: %w", err)
		}
		return out, nil
	}
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(text), "", "  "); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
