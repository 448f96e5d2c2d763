// Command grpcroute lints, explains and predicts Kubernetes Gateway API
// GRPCRoute manifests.
package main

func main() {}
