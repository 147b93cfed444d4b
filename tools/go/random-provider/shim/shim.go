// Package shim opens the upstream provider, whose constructor lies in an
// internal package, to the bridge. Its import path makes that legal.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	upstream "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// New returns the upstream random provider.
func New() provider.Provider { return upstream.New() }
