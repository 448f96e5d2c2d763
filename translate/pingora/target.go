package pingora

import "github.com/grpcroute/grpcroute/profile"

// Target is the name of what this package writes, as on the command line.
const Target = "pingora"

// About says for people what that is.
const About = "the routes that the Pingora gateway controller sends to its proxy"

// Profile is the implementation that the message is for.
var Profile = profile.Pingora
