//go:build tools

// Package tools names what is built here, a Kubernetes API server and its database, so that go.mod and go.sum hold all
// that they need.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
