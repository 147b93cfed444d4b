// Argo CD's application controller and its repository server, as upstream makes them: no images, no server, no pages.
package main

import (
	"fmt"
	"os"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	repository "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "argocd-parts", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(controller.NewCommand(), repository.NewCommand(), healthCommand())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
