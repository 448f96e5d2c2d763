package manifest

import "strings"

// Sealed reports whether a text stands for a value that another tool puts in its
// place before the server sees it: encrypted by SOPS, a path of the Argo CD Vault
// plugin, or a variable of Flux or envsubst. What it stands for is not known.
func Sealed(text string) bool {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "ENC[") && strings.HasSuffix(text, "]"):
		return true
	case strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">"):
		return true
	}
	return strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}")
}
