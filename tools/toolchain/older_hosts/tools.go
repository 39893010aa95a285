//go:build tools

// Package tools names what is built here: the newest language hosts for TypeScript and Go that the sdk module itself
// still holds.
package tools

import (
	_ "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"
	_ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
)
