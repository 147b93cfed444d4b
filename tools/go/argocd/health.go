package main

import (
	"encoding/json"
	"os"

	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// healthCommand says how the controller sees each object of a JSON list on standard input, by a health script: it runs
// in the controller's own machine, with the libraries that it has there.
func healthCommand() *cobra.Command {
	return &cobra.Command{
		Use:  "health SCRIPT",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, words []string) error {
			script, err := os.ReadFile(words[0])
			if err != nil {
				return err
			}
			var objects []map[string]any
			if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
				return err
			}
			seen := make([]any, len(objects))
			for number, object := range objects {
				status, err := lua.VM{}.ExecuteHealthLua(&unstructured.Unstructured{Object: object}, string(script))
				if err != nil {
					return err
				}
				seen[number] = status
			}
			return json.NewEncoder(os.Stdout).Encode(seen)
		},
	}
}
