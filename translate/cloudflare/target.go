package cloudflare

import "github.com/grpcroute/grpcroute/profile"

// Target is the name of what this package writes, as on the command line.
const Target = "cloudflare"

// About says for people what that is.
const About = "the configuration that the tunnel gateway controller pushes to its proxy"

// Profile is the implementation that the configuration is for.
var Profile = profile.CloudflareTunnel
