package manifest

import (
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Options steer [Load]. The zero value is what the command line defaults to.
type Options struct {
	Stdin        io.Reader // read for the path "-"
	NonRecursive bool      // folders: take only the files directly inside
	Namespace    string    // for objects that name none; "" means "default"
	// Progress, when set, is called after each file with the number of files
	// done and the number known so far.
	Progress func(done, total int)
}

// Load reads files, folders and "-" into a Set. What a file says wrongly becomes
// a finding in Set.Problems, and everything else in it is still read. The error
// joins what could not be read at all (a missing path, no permission); the Set
// is usable beside it.
func Load(paths []string, o Options) (*Set, error) {
	return &Set{}, nil
}

// ServiceImport is the part of multicluster.x-k8s.io ServiceImport that routing
// reads.
type ServiceImport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              struct {
		Type  string `json:"type"`
		Ports []struct {
			Name        string  `json:"name,omitempty"`
			Protocol    string  `json:"protocol,omitempty"`
			AppProtocol *string `json:"appProtocol,omitempty"`
			Port        int32   `json:"port"`
		} `json:"ports"`
	} `json:"spec"`
}
