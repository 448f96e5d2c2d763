package envoy

// Target is the name of what this package writes, as on the command line.
const Target = "envoy"

// About says for people what that is.
const About = "a bootstrap of Envoy, or a folder of its resources: listeners, routes, clusters"
