"""Every rule of the pack."""

from __future__ import annotations

from policies.judging.exemptions_in_use import in_use, in_use_by_stack, readable
from policies.judging.failures_told import rules_end, stack_rules_end
from policies.remediations import REMEDIATIONS
from policies.rules import (
    adapters_approved,
    adapters_few,
    buckets_safe,
    controllers_configured,
    disruption_budgets,
    entry_decides,
    entry_guarded,
    exposed_authorized,
    gpu_placement,
    hybrid_storage,
    images_pinned,
    images_registry,
    kinds_known,
    lora_limits,
    manifest_sources,
    marks_known,
    model_servers_offline,
    models_signed,
    namespaces_guarded,
    network_closed,
    ownership_labels,
    phases,
    pod_security_baseline,
    pod_security_restricted,
    pods_apart,
    pools_hold,
    probes,
    rbac_least,
    resources,
    runtime_lora,
    secrets_hidden,
    service_account_tokens,
    services_complete,
    storage_protected,
)

RULES = (
    kinds_known.RULE,
    marks_known.RULE,
    controllers_configured.RULE,
    images_pinned.RULE,
    images_registry.RULE,
    manifest_sources.RULE,
    pod_security_baseline.RULE,
    pod_security_restricted.RULE,
    pods_apart.RULE,
    resources.RULE,
    probes.RULE,
    gpu_placement.RULE,
    model_servers_offline.RULE,
    runtime_lora.RULE,
    service_account_tokens.RULE,
    network_closed.RULE,
    entry_guarded.RULE,
    entry_decides.RULE,
    rbac_least.RULE,
    secrets_hidden.RULE,
    storage_protected.RULE,
    buckets_safe.RULE,
    ownership_labels.RULE,
    lora_limits.RULE,
    adapters_few.RULE,
    adapters_approved.RULE,
    models_signed.RULE,
    hybrid_storage.RULE,
    phases.RULE,
)
"""Rules about one resource."""

STACK_RULES = (
    namespaces_guarded.RULE,
    services_complete.RULE,
    exposed_authorized.RULE,
    pools_hold.RULE,
    disruption_budgets.RULE,
)
"""Rules about all resources of a stack."""

EXEMPTIONS = (
    in_use(),
    in_use_by_stack(),
    readable([rule.id for rule in (*RULES, *STACK_RULES)]),
)
"""What is told about exemptions; after all others, which note what they let through."""

FAILURES = (rules_end(), stack_rules_end())
"""What denies where a rule failed; after all others."""

__all__ = ["EXEMPTIONS", "FAILURES", "REMEDIATIONS", "RULES", "STACK_RULES"]
