package render

import (
	"fmt"
	"io"
	"strings"
)

// Version says what a build is and what it carries.
type Version struct {
	Version, Commit, Go string
	GatewayAPI          []string // minors, oldest first
	Channels, Profiles  []string
}

// versionInfo is the grpcroute.version/v1 contract.
type versionInfo struct {
	Schema     string   `json:"schema"`
	Version    string   `json:"version"`
	Commit     string   `json:"commit"`
	Go         string   `json:"go"`
	GatewayAPI []string `json:"gatewayAPI"`
	Channels   []string `json:"channels"`
	Profiles   []string `json:"profiles"`
}

// VersionJSON writes a build as grpcroute.version/v1.
func VersionJSON(w io.Writer, v Version) error {
	return encode(w, versionInfo{"grpcroute.version/v1", v.Version, v.Commit, v.Go, list(v.GatewayAPI), list(v.Channels), list(v.Profiles)})
}

// VersionText writes a build for people.
func VersionText(w io.Writer, v Version) error {
	commit := ""
	if v.Commit != "" {
		commit = " (" + v.Commit + ")"
	}
	_, err := fmt.Fprintf(w, "grpcroute %s%s, %s\nGateway API %s (%s)\nprofiles %s\n", v.Version, commit, v.Go,
		strings.Join(v.GatewayAPI, ", "), strings.Join(v.Channels, ", "), strings.Join(v.Profiles, ", "))
	return err
}
