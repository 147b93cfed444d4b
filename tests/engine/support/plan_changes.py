"""Prepared changes of settings, catalog and program, and a repository of its own in which each is made."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.local.workspace import REPOSITORY

DEV, PROD, IMAGES = "Pulumi.dev.yaml", "Pulumi.prod.yaml", "infra/catalog/images.yaml"
SECRET = "canary-7f3e9d51c0ffee"
"""Stands wherever a secret stands in the base; it must be in no report."""

Edit = tuple[str, str, str]
"""File, and a text in it that another takes the place of."""

_GATE = "tools/deliver/gate.py"
_FILES = ("infra", "components", "policies", "Pulumi.yaml", DEV, PROD, "Makefile", "README.md", _GATE)
_WHO = {
    f"GIT_{who}_{what}": said
    for who in ("AUTHOR", "COMMITTER")
    for what, said in (("NAME", "dana"), ("EMAIL", "dana@example.com"), ("DATE", "2026-02-01T12:00:00Z"))
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: `base` edits come before the base is committed, `edits` are the change itself."""

    name: str
    stack: str
    edits: Sequence[Edit]
    base: Sequence[Edit] = ()

    @property
    def says(self) -> str:
        """What it is about, for the name of a test."""
        return f"{self.name}-{self.stack}"


def day(days: int) -> str:
    """A day from today on, as the settings write it."""
    return (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=days)).isoformat()


def _exemption(last: str) -> str:
    return (
        "  kitchen:exemptions:\n"
        "  - {rule: pods-have-probes, object: ServingRuntime *, reason: a trial, "
        f"approver: dana, expires: '{last}'}}\n  kitchen:tenants:\n"
    )


_SUPPORT = "adapters: [helpdesk-faq/v2026-02-01, helpdesk-classifier/v2026-02-01]"
_SALES = """    sales:
      owner: sales-operations
      costCentre: "4720"
      quota: {gpus: 2}
      groups: {owner: [sales-owners], caller: [sales-callers]}
"""
_SUMMARY = """    summary:
      tenant: sales
      baseModel: tsuzumi-7b-instruct/v1
      pool: l40s
      adapters: [sales-summary/v2026-03-15]
      loraMode: hot                       # adapters come and go without a new pod
      runtime: {maxLoras: 1, maxLoraRank: 8, maxModelLen: 8192, concurrency: 16}
"""
_LEGAL = """    legal:
      owner: legal-office
      costCentre: "4730"
      quota: {gpus: 4, cpu: 64, memoryGiB: 256, storageGiB: 200}
      groups: {owner: [legal-owners], caller: [legal-callers]}
"""
_CONTRACTS = """    contracts:
      tenant: legal
      baseModel: tsuzumi-7b-instruct/v1
      pool: l40s
      adapters: [legal-contract-review/v2026-04-01]
      replicas: 2
      runtime: {maxLoras: 1, maxLoraRank: 16, maxModelLen: 16384, concurrency: 8}
"""
_PHASE, _FOUR = "kitchen:phase: 3 ", [(PROD, "kitchen:phase: 3 ", "kitchen:phase: 4 ")]
_TENANTS = "  kitchen:tenants:\n"
_LORAS = "runtime: {maxLoras: 2, maxLoraRank: 16, maxModelLen: "
_TWO, _THREE = (f"      replicas: {number}\n      " for number in (2, 3))
_CANARY = f"{_TWO}canary: {{weight: 10, runtime: {{concurrency: 16}}}}\n      {_LORAS}8192"
_PRICES = "  kitchen:prices: {currency: EUR, gpuHour: {l40s: 2.5}}\n" + _TENANTS
_NO_PROBE: Edit = ("components/serving/runtime_spec.py", '        "readinessProbe": _probe(3),\n', "")
_ESCALATION: Edit = (
    "components/platform.py",
    '"allowPrivilegeEscalation": False',
    '"allowPrivilegeEscalation": True',
)
_OF_SUPPORT = "      baseModel: %s\n      pool: l40s\n      adapters: [helpdesk-faq"
_ACCESS = "      access: [{groups: [engineering-callers, legal-callers]}]\n"
_REVIEWS = "[legal-contract-review/v2026-04-01]\n      replicas: 2"
_SCALED = "autoscaling: {minReplicas: 2, maxReplicas: 3, metric: waiting, target: 4}"
_DIGEST = "0a51ea5b4ae2dc5d81890e5173f54203d2a3ae0cfffe51b8fd2afd4391bfd967"
_WEIGHTS = "94fb47efc76c1fae8c2daa6b3a532c3acdb0d7ef8140aa52ca8045faef2e4af4"
_PREFIX = "    bucketPrefix: dev-\n"


def _dev(name: str, *edits: tuple[str, str], base: Sequence[Edit] = ()) -> Change:
    return Change(name=name, stack="dev", edits=[(DEV, *edit) for edit in edits], base=base)


def _prod(name: str, *edits: tuple[str, str], base: Sequence[Edit] = ()) -> Change:
    return Change(name=name, stack="prod", edits=[(PROD, *edit) for edit in edits], base=base)


CHANGES: Sequence[Change] = (
    _dev("adapter-added", (_SUPPORT, f"{_SUPPORT[:-1]}, legal-contract-review/v2026-04-01]")),
    _dev("adapter-added-hot", ("[sales-summary/v2026-03-15]", "[sales-summary/v2026-03-15, helpdesk-faq/v2026-02-01]")),
    _dev("adapter-removed", (", helpdesk-classifier/v2026-02-01]", "]")),
    _dev("rank-raised", ("maxLoraRank: 16", "maxLoraRank: 32")),
    _dev(
        "base-switched",
        (_OF_SUPPORT % "tsuzumi-7b-instruct/v1", _OF_SUPPORT % "llama-3-8b-instruct/v1"),
        (_SUPPORT, "adapters: [code-review/v2026-05-01]"),
    ),
    Change(
        name="image-bumped",
        stack="prod",
        edits=[
            (IMAGES, _DIGEST, "0" * 60 + "beef"),
            (IMAGES, "version: 0.27.1\n    state", "version: 0.27.1.post1\n    state"),
        ],
    ),
    _dev("tenant-removed", (_SALES, ""), (_SUMMARY, "")),
    _prod("tenant-removed-protected", (_LEGAL, ""), (_CONTRACTS, "")),
    _prod("quota-cut", ("quota: {gpus: 8, cpu: 128", "quota: {gpus: 6, cpu: 128")),
    _prod("access-widened", ("      pool: h100\n", f"      pool: h100\n{_ACCESS}")),
    _dev("access-narrowed", (", caller: [sales-callers]}", "}")),
    _dev("role-given", ("security: [security-office]", "security: [security-office, contractors]")),
    _dev("exemption-added", (_TENANTS, _exemption(day(90)))),
    _dev(
        "exemption-near-its-end",
        ("maxModelLen: 8192, concurrency: 16}", "maxModelLen: 8192, concurrency: 12}"),
        base=[(DEV, _TENANTS, _exemption(day(5))), _NO_PROBE],
    ),
    _prod("canary-on", (f"{_TWO}{_LORAS}8192", _CANARY), base=_FOUR),
    _prod(
        "canary-weight",
        ("canary: {weight: 10", "canary: {weight: 50"),
        base=[*_FOUR, (PROD, f"{_TWO}{_LORAS}8192", _CANARY)],
    ),
    _dev(
        "phase-two-to-three",
        ("kitchen:phase: 2 ", _PHASE),
        (f"      pool: l40s\n      {_LORAS}", f"      pool: l40s\n      {_SUPPORT}\n      {_LORAS}"),
        base=[(DEV, _PHASE, "kitchen:phase: 2 "), (DEV, f"      {_SUPPORT}\n", ""), (DEV, _SUMMARY, "")],
    ),
    _prod("replicas", (f"{_TWO}{_LORAS}16384", f"{_THREE}{_LORAS}16384")),
    _prod("one-replica", (_REVIEWS, _REVIEWS.replace("replicas: 2", "replicas: 1"))),
    _prod(
        "scale-to-zero",
        ("minReplicas: 2", "minReplicas: 0, scaleToZero: true, wakeQuery: sum(waiting)"),
        base=[
            *_FOUR,
            (PROD, "kind: kubernetes", "kind: kubernetes, keda: true, prometheus: http://prometheus:9090"),
            (PROD, _REVIEWS, _REVIEWS.replace("replicas: 2", _SCALED)),
        ],
    ),
    _dev("gpu-pool", ("memoryGiB: 48, gpus: 8}", "memoryGiB: 48, gpus: 6}")),
    _dev("key-rotation", (_PREFIX, f"{_PREFIX}    keyGeneration: 2\n")),
    _prod("limits-raised", ("requestsPerMinute: 120", "requestsPerMinute: 240")),
    _dev("store-endpoint", ("https://minio.dev.kitchen.example", "https://store.dev.kitchen.example")),
    _prod("lock-of-buckets", ("    objectLockDays: 365\n", "")),
    _dev("price", (_TENANTS, _PRICES)),
    _prod(
        "cost-rises",
        (f"{_TWO}runtime: {{maxLoras: 1, maxLoraRank: 8", f"{_THREE}runtime: {{maxLoras: 1, maxLoraRank: 8"),
        base=[(PROD, _TENANTS, _PRICES.replace("l40s: 2.5", "l40s: 2.5, h100: 6"))],
    ),
    _dev("owner", ("owner: support-team", "owner: service-desk")),
    _dev("no-change", ("# Development environment.", "# The development environment.")),
    _dev("broken-settings", ("maxLoraRank: 8,", "maxLoraRank: 4,")),
    Change(name="policy-warning", stack="dev", edits=[_NO_PROBE]),
    Change(name="policy-violation", stack="dev", edits=[_ESCALATION]),
    Change(
        name="code-beside-tuning",
        stack="dev",
        edits=[
            ("components/tenancy/network.py", '"policyTypes": ["Ingress", "Egress"]}', '"policyTypes": ["Ingress"]}'),
            (DEV, "maxModelLen: 8192, concurrency: 16}", "maxModelLen: 8192, concurrency: 12}"),
        ],
    ),
    Change(name="checks-weakened", stack="prod", edits=[("infra/rules/access.py", "\ndef ", "\n# less\ndef ")]),
    Change(
        name="licence-added", stack="dev", edits=[("infra/catalog/licences.yaml", "- MIT", "- MIT\n- GPL-3.0-only")]
    ),
    Change(name="weights-anew", stack="prod", edits=[("infra/catalog/base-models.yaml", _WEIGHTS, "a" * 64)]),
    Change(name="gate-opened", stack="prod", edits=[(_GATE, "        if lines or lost:\n", "        if lost:\n")]),
    Change(name="makefile", stack="dev", edits=[("Makefile", "-m tools.deliver", "-m tools.deliver --after none")]),
    Change(name="page-alone", stack="dev", edits=[("README.md", "# ", "# A ")]),
    _dev("storage-class", ("className: shared-rwx", "className: cephfs-rwx")),
)


class Project:
    """A repository with what a stack's program is made of, on a branch that comes from `main`."""

    def __init__(self, folder: Path) -> None:
        """Copy this work tree's files into `folder`."""
        self.folder = folder
        for name in _FILES:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, symlinks=True)  # with what is compiled already
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / name)
        (folder / ".gitignore").write_text("/.venv\n__pycache__/\n")
        (folder / ".venv").symlink_to((REPOSITORY / ".venv").resolve())
        self.git("init", "--quiet", "--initial-branch=main")

    def commit(self, edits: Sequence[Edit]) -> str:
        """Make edits and commit them; the commit's name."""
        self.edit(edits)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=a change")
        return self.git("rev-parse", "HEAD")

    def edit(self, edits: Sequence[Edit]) -> None:
        """Make edits; each text must be there."""
        for name, old, new in edits:
            text = (self.folder / name).read_text()
            assert old in text, f"{name}: {old!r} is not there"
            (self.folder / name).write_text(text.replace(old, new, 1))

    def branch(self, edits: Sequence[Edit]) -> str:
        """Make edits on a branch of their own."""
        self.git("checkout", "--quiet", "-b", "change")
        return self.commit(edits)

    def git(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run git there."""
        done = subprocess.run(["git", *words], cwd=self.folder, env={**os.environ, **_WHO, **(env or {})},
                              capture_output=True, text=True, check=True)  # fmt: skip
        return done.stdout.strip()
