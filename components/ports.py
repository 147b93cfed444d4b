"""Ports that containers open and network rules name: both sides take them from here."""

from __future__ import annotations

SERVER_PORT = 8080
"""Port of vLLM in a pod of an InferenceService."""

LLM_PORT = 8000
"""Port of vLLM in a pod of an LLMInferenceService, and of the Service that its controller makes
(pkg/controller/v1alpha2/llmisvc/workload.go)."""

STATUS_PORT = 8081
"""Port on which a sidecar of the server tells its state: /status, /metrics and /ready."""

PROXY_PORT = 8443
"""Port of OpenShift AI's proxy, which asks the API server whether a caller may call."""
