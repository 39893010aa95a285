//go:build tools

// Package tools names what is built here: the newest Python language host that the sdk module itself still holds.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
