"""Reads text as `kubectl` and the API server read it: the same value, or a refusal, and never another value.

They read a manifest with sigs.k8s.io/yaml, which is go-yaml v2 and then JSON. Other readers of YAML give other values
to the same text: dates, `0o17`, `1e3`, a tag, a `<<` after a key, a number as a key. What this package does not read as
kubectl does, it refuses by name. It knows nothing of Kubernetes objects and of rules.
"""
