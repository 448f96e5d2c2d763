package envoy

// Target is the name of what this package writes, as on the command line.
const Target = "envoy"

// About says for people what that is.
const About = "a static bootstrap of Envoy: listeners, routes, clusters"
