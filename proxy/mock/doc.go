// Package mock stands in for backends: one gRPC server for each, on a loopback
// port of its own, that answers any method. With descriptors the answers are
// sampled messages of the right type, the same on each run; without them they are
// empty messages, which are valid for every type. Each server has reflection and
// health, and can be slow or fail on request.
//
// Without descriptors a server does not know whether a method streams. It answers
// once, after the client's half-close: right for unary calls and client streams,
// and one message for server streams. A client that has sent something and stays
// silent for half a second without half-close is taken for one that waits: from
// then on it gets one message for each of its own, as a bidirectional call would.
//
// Which calls reach a backend is for the data plane to say.
package mock
