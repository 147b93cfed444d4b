"""vLLM on KServe: a kitchen's runtime, its service, its adapters in static or hot mode, and how it scales and ends."""

from __future__ import annotations

from components.serving.adapters import AdapterFetch, AdapterFile, AdapterSource
from components.serving.autoscaling import Autoscaling
from components.serving.features import Features
from components.serving.hot_lora import HotLora
from components.serving.llm_service import LlmService, LlmServiceArgs
from components.serving.predictor import MultiLoraServiceArgs
from components.serving.runtime_spec import VllmRuntimeArgs
from components.serving.service import MultiLoraService, VllmRuntime
from components.serving.vllm import LoraOptions, VllmOptions

__all__ = [
    "AdapterFetch",
    "AdapterFile",
    "AdapterSource",
    "Autoscaling",
    "Features",
    "HotLora",
    "LlmService",
    "LlmServiceArgs",
    "LoraOptions",
    "MultiLoraService",
    "MultiLoraServiceArgs",
    "VllmOptions",
    "VllmRuntime",
    "VllmRuntimeArgs",
]
