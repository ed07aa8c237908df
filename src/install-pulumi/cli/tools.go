//go:build tools

// Package tools names the program that src/install-pulumi/build.ts builds from this module, so that
// `go mod tidy` keeps all that it needs in go.sum.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
