//go:build tools

// Package tools names what is built here, Pulumi's language host for YAML, so that go.mod and go.sum hold all that it
// needs.
package tools

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
