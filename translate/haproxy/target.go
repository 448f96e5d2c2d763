package haproxy

// Target is the name of what this package writes, as on the command line.
const Target = "haproxy"

// About says for people what that is.
const About = "haproxy.cfg: frontends, rules that route, backends"
