package kgateway

import "github.com/grpcroute/grpcroute/profile"

// Target is the name of what this package writes, as on the command line.
const Target = "kgateway"

// About says for people what that is.
const About = "the listeners, routes and clusters that kgateway sends its Envoy"

// Profile is the implementation that the resources are of.
var Profile = profile.KGateway
