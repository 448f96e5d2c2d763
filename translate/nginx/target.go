package nginx

// Target is the name of what this package writes, as on the command line.
const Target = "nginx"

// About says for people what that is.
const About = "nginx.conf: servers, maps that route, locations, upstreams"
