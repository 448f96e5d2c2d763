package cmd

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/descriptor"
)

// descriptors keeps of the definitions of services what can be read as it is, so
// that lint works with the configuration at once: .proto files may import what is
// not in the repository, and a file may only look like a descriptor set.
func (v *survey) descriptors() {
	var left []string
	v.seen.Sets = slices.DeleteFunc(v.seen.Sets, func(set string) bool {
		_, err := descriptor.Load(descriptor.Options{Sets: v.below(set)})
		if err != nil {
			left = append(left, set)
		}
		return err != nil
	})
	if _, err := descriptor.Load(descriptor.Options{Protos: v.below(v.seen.ProtoPaths...)}); err != nil {
		left = append(left, v.seen.ProtoPaths...)
		v.seen.ProtoPaths = nil
	} else if _, err := descriptor.Load(descriptor.Options{Protos: v.below(v.seen.ProtoPaths...), Sets: v.below(v.seen.Sets...)}); err != nil {
		left = append(left, v.seen.Sets...) // they contradict one another
		v.seen.Sets = nil
	}
	if len(left) > 0 {
		v.seen.Notes["proto"] = fmt.Sprintf("Left out: %s, which cannot be read as they are; `grpcroute lint` with --proto or --descriptor-set says why.", strings.Join(left, ", "))
	}
}

// below returns paths of the configuration as seen from the current folder.
func (v *survey) below(paths ...string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		if p = filepath.FromSlash(p); !filepath.IsAbs(p) {
			p = filepath.Join(v.top, p)
		}
		out[i] = p
	}
	return out
}
