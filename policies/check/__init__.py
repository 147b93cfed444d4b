"""The pack over plain YAML: rendered manifests, other people's charts, anything that `kubectl apply` would take."""
