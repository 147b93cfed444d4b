"""What the tests of the mesh share: Istio's own control plane, sidecars that it feeds, and what a pod's kernel does."""
