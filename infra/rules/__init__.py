"""Semantic rules: what a JSON Schema cannot say about an environment's settings. One module a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.rules.access import access_faults, priority_faults
from infra.rules.adapter_canaries import adapter_canary_faults
from infra.rules.architectures import architecture_faults
from infra.rules.base_models import base_model_faults, claim_twin_faults
from infra.rules.capacity import capacity_faults, storage_faults
from infra.rules.contents import contents_faults
from infra.rules.data_classes import data_class_faults
from infra.rules.doors import door_faults
from infra.rules.entry import entry_faults
from infra.rules.environment import environment_faults
from infra.rules.exemptions import exemption_faults
from infra.rules.extra_args import extra_args_faults
from infra.rules.gpu_memory import gpu_memory_faults
from infra.rules.hot_lora import hot_lora_faults
from infra.rules.kitchens import kitchens_faults
from infra.rules.monitoring import ends_faults, monitoring_faults, receiver_faults
from infra.rules.names import name_faults, twin_faults
from infra.rules.object_store import ability_faults, large_file_faults, store_server_faults
from infra.rules.platform import platform_faults, route_twin_faults, store_network_faults
from infra.rules.prices import price_faults
from infra.rules.quantization import quantization_faults
from infra.rules.registry import certificates_faults, credentials_faults
from infra.rules.scaling import canary_faults, placed_where_written, scaling_faults
from infra.rules.server_options import server_option_faults
from infra.rules.shares import share_faults
from infra.rules.signers import base_model_signature_faults, signature_faults, signers_faults
from infra.rules.stated_kinds import stated_kind_faults
from infra.settings import Settings

RULES: tuple[Callable[[Settings, Catalog], Iterator[Fault]], ...] = (
    environment_faults,
    name_faults,
    twin_faults,
    capacity_faults,
    storage_faults,
    kitchens_faults,
    architecture_faults,
    gpu_memory_faults,
    extra_args_faults,
    server_option_faults,
    quantization_faults,
    scaling_faults,
    canary_faults,
    adapter_canary_faults,
    access_faults,
    entry_faults,
    data_class_faults,
    share_faults,
    price_faults,
    monitoring_faults,
    receiver_faults,
    ends_faults,
    door_faults,
    contents_faults,
    priority_faults,
    platform_faults,
    route_twin_faults,
    store_network_faults,
    credentials_faults,
    certificates_faults,
    ability_faults,
    large_file_faults,
    store_server_faults,
    base_model_faults,
    claim_twin_faults,
    hot_lora_faults,
    exemption_faults,
    stated_kind_faults,
    signers_faults,
    signature_faults,
    base_model_signature_faults,
)


def semantic_faults(settings: Settings, catalog: Catalog) -> list[Fault]:
    """Return every violation of a semantic rule, or an empty list."""
    return placed_where_written(settings, [fault for rule in RULES for fault in rule(settings, catalog)])
