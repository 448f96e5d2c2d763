// Package config reads .grpcroute.yaml, the file with what a repository would
// otherwise repeat on every command line. Its types are the schema: the reader, the
// JSON schema in docs/ and the tests all follow their tags. What the settings do is
// decided where the flags of the same name are.
package config

import (
	"path/filepath"

	"github.com/grpcroute/grpcroute/diag"
)

// Name is what the file is called.
const Name = ".grpcroute.yaml"

// Names returns all that the file may be called, [Name] first.
func Names() []string { return []string{Name, ".grpcroute.yml"} }

// Config is the content of a file. What the file does not say is zero or nil.
// Paths are as written until [Config.Path] is asked.
type Config struct {
	// File is where it was read from, "" for no file.
	File string `yaml:"-"`

	Profile    string `yaml:"profile" values:"profile" about:"implementation whose behaviour counts; auto reads it from the GatewayClass"`
	AsBuilt    *bool  `yaml:"as-built" about:"what the implementation's released data plane really does, where that differs"`
	GatewayAPI string `yaml:"gateway-api" values:"gateway-api" about:"Gateway API minor installed in the cluster"`
	Channel    string `yaml:"channel" values:"channel" about:"channel of the installed CRDs"`
	Assume     string `yaml:"assume" values:"assume" about:"how objects are taken that are not in the input"`
	Namespace  string `yaml:"namespace" about:"namespace of objects that name none"`
	Tunnel     Tunnel `yaml:"tunnel" about:"tunnel between the edge and the cluster"`

	Exclude   []string `yaml:"exclude" about:"files and folders that are not read, as patterns seen from the folder of this file"`
	Resources []string `yaml:"resources" about:"files and folders with objects that manifests refer to: read, but without findings of their own"`
	Proto     Proto    `yaml:"proto" about:"where the gRPC services are defined"`

	FailOn      string           `yaml:"fail-on" values:"fail-on" about:"least severity that makes the exit code of lint 1"`
	StrictDocs  *bool            `yaml:"strict-docs" about:"what a document demands and its code does not enforce is an error"`
	Advice      *bool            `yaml:"advice" about:"run the rules, too, that give advice healthy manifests would get as well"`
	Baseline    string           `yaml:"baseline" about:"file with known findings, which are not shown"`
	Rules       map[string]Level `yaml:"rules" values:"level" keys:"rule" about:"rules that are on, off, or of another severity"`
	Overrides   []Override       `yaml:"overrides" about:"other severities for some files; the last that matches counts"`
	Suppression Suppression      `yaml:"suppression" about:"comments and annotations that suppress findings"`
}

// Tunnel says how calls get into the cluster.
type Tunnel struct {
	Protocol string `yaml:"protocol" values:"tunnel-protocol" about:"transport of the tunnel; input reads it from Helm values and Deployments"`
}

// Proto says where services are defined, so that lint checks names against them.
type Proto struct {
	Paths          []string `yaml:"paths" about:"folders that .proto files are imported from, or .proto files"`
	DescriptorSets []string `yaml:"descriptor-sets" about:"files that protoc or buf wrote, with all imports"`
}

// Suppression says how comments and annotations may suppress findings.
type Suppression struct {
	RequireReason bool `yaml:"require-reason" about:"report suppressions that do not say why"`
}

// Override changes rules for some files.
type Override struct {
	Paths []string         `yaml:"paths" needed:"yes" about:"patterns of the files, as in exclude"`
	Rules map[string]Level `yaml:"rules" values:"level" keys:"rule" about:"rules that are off or of another severity there"`
}

// Level is what becomes of a rule: "off", "on", or a severity.
type Level string

// The levels that are no severities.
const (
	Off Level = "off"
	On  Level = "on"
)

// Severity returns the severity that a level stands for, if it is one.
func (l Level) Severity() (diag.Severity, bool) {
	s, err := diag.ParseSeverity(string(l))
	return s, err == nil
}

// Path returns a path of the file as seen from the current folder.
func (c *Config) Path(path string) string {
	if filepath.IsAbs(path) || c.File == "" {
		return path
	}
	return filepath.Join(filepath.Dir(c.File), filepath.FromSlash(path))
}

// Paths is [Config.Path] for several.
func (c *Config) Paths(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = c.Path(p)
	}
	return out
}
