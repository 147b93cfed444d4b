//go:build tfgen

package main

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"

func main() {
	tfgen.Main("random", providerInfo([]byte("{}")))
}
