//go:build tools

// Package tools names the program that src/install-pulumi/build.ts builds from this module. Newer
// language hosts are a Go module that no proxy serves; this one works with engine 3.274.1.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
