"""Sections out of settings and catalog: what differs is told exactly, and what stays is not."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.tools.plan.sides import Edit, asked, kitchen, parts, side
from tools.engine.outcome import Message, Outcome, Violation
from tools.plan import approvals, callers, capacity, judged, kitchens
from tools.plan import code as code_of
from tools.plan.compare import Difference, digest
from tools.plan.facts import changed, flat, of_catalog, of_environment, resealed
from tools.plan.planned import Planned


def test_nothing_is_told_of_two_sides_that_are_alike() -> None:
    told = parts(side(), side())
    assert told == {
        "settings": [],
        "kitchens": [],
        "gpus": {"tenants": [], "pools": [], "memory": [], "cost": [], "notCounted": []},
        "access": [],
        "images": [],
        "red": [],
        "policy": {"exemptions": []},
    }


def test_a_hot_kitchen_takes_adapters_without_restart() -> None:
    (told,) = parts(
        side(), side(kitchen("summary", {"adapters": ["sales-summary/v2026-03-15", "helpdesk-faq/v2026-02-01"]}))
    )["kitchens"]
    assert (told["pods"], told["change"]) == ("hot", "changed")
    (adapter,) = told["adapters"]
    assert (adapter["change"], adapter["name"], adapter["version"], adapter["before"]) == (
        "added", "helpdesk-faq", "v2026-02-01", "")  # fmt: skip
    assert adapter["approver"] == "model-board"
    assert adapter["sum"] == "sha256:e6777d3962ec80d4359cf4eee975b90b1929b81b948ec8787b12e586cc787aab"
    assert adapter["licence"] == "LicenseRef-internal"
    assert adapter["evaluation"].startswith("evaluations/helpdesk-faq/2026-02-03, no result and no floor")


def restarting(manner: str, operation: str = "update") -> tuple[Difference, ...]:
    old = Planned(type="k:s:InferenceService", name="search", namespace="helpdesk-dev", called="search",
                  pods={"volumes": "1"}, manner=manner)  # fmt: skip
    return (Difference(operation=operation, resource=replace(old, pods={"volumes": "2"}), before=old),)


AWAY = "until the new pods have loaded their model: how long is not known, at most 12 minutes"


@pytest.mark.parametrize(
    ("manner", "away"),
    [
        ("new pods start beside the old ones", "not away: the old pods answer until the new ones do"),
        ("one pod after the other", AWAY),
        ("the old pod ends first", AWAY),
    ],
)  # fmt: skip
def test_how_long_a_kitchen_is_away(manner: str, away: str) -> None:
    (told,) = kitchens.kitchens(side(), side(), restarting(manner))
    assert (told["name"], told["pods"], told["away"]) == ("search", "restart", away)
    assert told["manner"] == f"{manner}: volumes"


def test_an_entry_of_the_catalog_that_changes_is_told() -> None:
    after = side()
    one = replace(after.catalog.adapters["helpdesk-faq/v2026-02-01"], state="retired")
    catalog = replace(after.catalog, adapters={**after.catalog.adapters, one.ref: one})
    (told,) = kitchens.kitchens(side(), replace(after, catalog=catalog), ())
    assert [(adapter["change"], adapter["state"]) for adapter in told["adapters"]] == [("changed", "retired")]


def test_capacity_is_told_with_quota_room_and_cost() -> None:
    def priced(data: dict[str, Any]) -> None:
        data["prices"] = {"currency": "EUR", "gpuHour": {"l40s": 2.5}}

    def more(data: dict[str, Any]) -> None:
        priced(data)
        data["tenants"]["helpdesk"]["quota"]["gpus"] = 4
        data["kitchens"]["support"]["replicas"] = 2

    told = capacity.capacity(side(priced), side(more))
    assert told["tenants"] == [{"tenant": "helpdesk", "before": 3, "after": 4, "quotaBefore": 3, "quotaAfter": 4}]
    assert told["pools"] == [{"pool": "l40s", "before": 5, "after": 6, "sizeBefore": 8, "sizeAfter": 8}]
    assert told["cost"] == [{"currency": "EUR", "before": "5475.00", "after": "7300.00"}]
    without = capacity.capacity(side(), side(lambda data: data["gpuPools"]["l40s"].update(gpus=9)))
    assert without["notCounted"] == ["cost: no price of a GPU hour is stated for l40s"]
    assert without["cost"] == []


def test_limits_are_told_and_only_higher_ones_widen() -> None:
    def limit(number: int) -> Edit:
        return lambda data: data["entry"].update(limits={"requestsPerMinute": number})

    before = side(stack="prod").settings
    for number, wider in ((240, True), (60, False)):
        after = side(limit(number), "prod").settings
        told = callers.access(before, after)
        assert {entry["change"] for entry in told} == {"limits"}
        assert {entry["after"] for entry in told} == {f"{number} calls a minute"}
        assert bool(callers.widened(before, after)) is wider
    none = side(lambda data: data["entry"].pop("limits"), "prod").settings
    assert callers.widened(before, none)


OTHER = {"access": [{"groups": ["engineering-callers", "legal-callers"]}]}
EXEMPTION = {"rule": "a", "object": "Deployment x/y", "reason": "b", "approver": "dana", "expires": "2026-12-31"}


@pytest.mark.parametrize(
    ("edit", "stack", "whom"),
    [
        (kitchen("support", {"adapters": ["helpdesk-faq/v2026-02-01"]}), "dev", {"support-team"}),
        (kitchen("developer", OTHER), "prod", {"security-office", "developer-platform"}),
        (lambda data: data["groups"]["security"].append("x"), "dev", {"security-office"}),
        (lambda data: data["groups"].update(security=["x"]), "dev", {"security-office"}),
        (lambda data: data["tenants"]["sales"]["groups"].pop("caller"), "dev", {"sales-operations"}),
        (lambda data: data["tenants"]["sales"]["quota"].update(gpus=3), "dev", {"ai-platform"}),
        (lambda data: data["tenants"]["sales"].update(owner="mallory"), "dev", {"ai-platform"}),
        (lambda data: data["entry"].update(limits={"requestsPerMinute": 240}), "prod", {"security-office"}),
        (lambda data: data["gpuPools"]["l40s"].update(gpus=9), "dev", {"ai-platform"}),
        (lambda data: data["objectStore"].update(endpoint="https://x.example"), "dev", {"ai-platform"}),
        (lambda data: data["objectStore"].update(keyGeneration=2), "dev", {"security-office"}),
        (lambda data: data.update(registry="other.example"), "dev", {"ai-platform"}),
        (lambda data: data.update(phase=4), "dev", {"ai-platform"}),
        (lambda data: data["entry"]["issuers"][0].update(audience="x"), "prod", {"security-office"}),
        (lambda data: data.update(prices={"currency": "EUR", "gpuHour": {"l40s": 2}}), "dev", set()),
        (kitchen("support", {"runtime": {"maxLoraRank": 16, "maxLoras": 2, "concurrency": 16}}), "dev", set()),
        (lambda data: data.update(exemptions=[EXEMPTION]), "dev", {"security-office"}),
    ],
)  # fmt: skip
def test_who_is_asked(edit: Edit, stack: str, whom: set[str]) -> None:
    assert set(asked(edit, stack)) == whom


def test_what_goes_from_one_tenant_to_another_is_the_old_owners_too() -> None:
    def moves(data: dict[str, Any]) -> None:
        data["kitchens"]["contracts"]["tenant"] = "engineering"

    def swaps(data: dict[str, Any]) -> None:
        support, contracts = data["kitchens"]["support"], data["kitchens"]["contracts"]
        support["adapters"][1], contracts["adapters"][0] = contracts["adapters"][0], support["adapters"][1]

    reasons = asked(moves, "prod")
    assert set(reasons) == {"developer-platform", "legal-office", "security-office"}
    assert (
        "contracts goes to engineering, legal-callers no longer may call legal-contract-review"
        in (reasons["legal-office"])
    )
    assert "engineering-callers may call legal-contract-review" in reasons["security-office"]
    assert set(asked(swaps, "prod")) == {"legal-office", "security-office", "support-team"}


def test_a_change_does_not_name_its_own_approvers() -> None:
    def both(data: dict[str, Any]) -> None:
        data["groups"]["platform"] = ["mallory"]
        data["tenants"]["sales"]["quota"]["gpus"] = 3

    assert set(asked(both)) == {"ai-platform", "security-office"}


@pytest.mark.parametrize(
    ("code", "whom"),
    [
        (["components/tenancy/network.py"], {"ai-platform"}),
        (["infra/payload/fetch_adapters.py", "Pulumi.yaml"], {"ai-platform"}),
        (["requirements.lock"], {"ai-platform"}),
        (["infra/rules/access.py"], {"security-office"}),
        (["infra/catalog/server-flags.json"], {"security-office"}),
        (["infra/schema/settings.schema.json"], {"security-office"}),
        (["policies/pack.py"], {"security-office"}),
        (["policies/pack.py", "infra/rules/a.py", "infra/a.py"], {"ai-platform", "security-office"}),
        (["Makefile"], {"ai-platform"}),
        (["deploy/tekton/tasks.yaml"], {"ai-platform"}),
        (["unheard/of"], {"ai-platform"}),
        (["ops/checks/adapter.py"], {"security-office"}),
        (["tools/deliver/gate.py", ".gitlab-ci.yml"], {"ai-platform", "security-office"}),
    ],
)
def test_other_code_is_somebodys_whatever_else_changes(code: list[str], whom: set[str]) -> None:
    after = side(kitchen("support", {"runtime": {"maxLoraRank": 16, "maxLoras": 2, "concurrency": 16}}))
    told = parts(side(), after)
    told["settings"] += code_of.lines(code)
    assert set(approvals.asked(side(), after, (), told).approvals) == whom
    assert set(approvals.asked(None, after, (), told, approvals.roles(side().settings)).approvals) >= whom


def test_objects_that_change_with_code_are_named_guards_first() -> None:
    names = ("ConfigMap", "Deployment", "Service", "Job", "NetworkPolicy")
    found = [Difference(operation="update", resource=Planned(type=f"k:v1:{kind}", name="a")) for kind in names]
    told = {**parts(side(), side()), "settings": code_of.lines(["infra/a.py"])}
    (reason,) = approvals.asked(side(), side(), found, told).reasons
    assert "with that change: NetworkPolicy a, ConfigMap a, Deployment a + 2 more" in reason


def test_entries_of_the_catalog_are_told_and_approved() -> None:
    before = side()
    other = replace(before.catalog.base_models["tsuzumi-7b-instruct/v1"], licence="MIT")
    catalog = replace(
        before.catalog,
        base_models={**before.catalog.base_models, other.ref: other},
        licences=(*before.catalog.licences, "GPL-3.0-only"),
        adapters={name: one for name, one in before.catalog.adapters.items() if name != "code-review/v2026-05-01"},
    )
    after = replace(before, catalog=catalog)
    lines = of_catalog(before, after)
    assert lines == [
        "catalog.baseModels: tsuzumi-7b-instruct/v1 is another entry",
        "catalog.adapters: code-review/v2026-05-01 goes",
        "catalog.licences: GPL-3.0-only comes",
    ]
    told = {**parts(before, after), "settings": lines}
    assert [entry["settings"] for entry in told["kitchens"]] == [
        ["baseModel tsuzumi-7b-instruct/v1: another entry in the catalog"]
    ] * 2
    assert set(approvals.asked(before, after, (), told).approvals) == {
        "ai-platform", "security-office", "support-team", "sales-operations"}  # fmt: skip
    assert of_catalog(before, before) == []


def test_a_base_that_todays_rules_refuse_still_says_who_approves() -> None:
    said = {"groups": {"security": ["s"], "odd": "x"}, "tenants": {"sales": {"owner": "o"}, "odd": 1}, "more": 1}
    found = approvals.stated_roles(said)
    assert found == approvals.Roles(groups={"security": ["s"]}, owners={"sales": "o"})
    assert approvals.stated_roles({}) is None
    assert approvals.stated_roles({"groups": []}) is None
    after = side(lambda data: data["groups"].update(security=["mallory"], platform=["mallory"]))
    told = {**parts(side(), after), "settings": code_of.lines(["policies/a.py"])}
    assert "mallory" not in approvals.asked(None, after, (), told, found).approvals


def test_objects_that_change_without_a_reason_are_the_platforms() -> None:
    found = (Difference(operation="update", resource=Planned(type="kubernetes:v1:ConfigMap", name="a")),)
    whom = approvals.asked(side(), side(), found, parts(side(), side()))
    assert whom.approvals == ["ai-platform"]
    assert "for another reason than a kitchen's settings: ConfigMap a" in whom.reasons[0]


def test_settings_are_shown_without_long_texts_and_secrets() -> None:
    said = {"registryCredentials": "render-only", "pullSecret": "registry"}
    secret = side(lambda data: data.update(said)).settings
    assert not any("registryCredentials" in path for path in flat(secret))
    assert changed({"a": "x" * 100}, {"a": "y" * 100}) == ["a: another text"]
    assert changed({"a": "x" * 100}, {"a": "x" * 100}) == []
    assert changed({"a": 1}, {"a": 2, "b": True}) == ["a 1 -> 2", "b (none) -> true"]


def test_violations_are_all_told_and_warnings_only_when_they_are_new() -> None:
    def found(level: str, policy: str) -> Violation:
        return Violation(policy=policy, level=level, urn="u", text="general\nConfigMap a: is bad")

    resources = {"u": Planned(type="kubernetes:v1:ConfigMap", name="a", called="a")}
    old = Outcome(violations=[found("mandatory", "m"), found("advisory", "old")])
    new = Outcome(violations=[*old.violations, found("advisory", "new"), found("advisory", "new")])
    denied, warnings = judged.judged(old, new, resources)
    assert denied == [{"policy": "m", "object": "ConfigMap a", "text": "is bad"}]
    assert judged.judged(None, new, {})[0] == [{"policy": "m", "object": "stack", "text": "ConfigMap a: is bad"}]
    assert [one["policy"] for one in warnings] == ["new"]


@pytest.mark.parametrize(
    ("last", "told"), [("2026-02-05", [4]), ("2026-02-15", [14]), ("2026-02-16", []), ("2026-01-30", [-2])]
)
def test_exemptions_are_told_when_they_end_soon(last: str, told: list[int]) -> None:
    entry = {"rule": "a", "object": "Deployment x/y", "reason": "b", "approver": "dana", "expires": last}
    settings = side(lambda data: data.update(exemptions=[entry])).settings
    found = judged.exemptions(settings, settings, Outcome(), datetime.date(2026, 2, 1))
    assert [one["days"] for one in found] == told


def test_an_exemption_that_is_used_is_told() -> None:
    entry = {"rule": "a", "object": "Deployment *", "reason": "b", "approver": "dana", "expires": "2026-12-31"}
    settings = side(lambda data: data.update(exemptions=[entry])).settings
    text = "Deployment x/y: passes by the exemption a: Deployment * until 2026-12-31: b (approved by dana); rule: x"
    used = Outcome(violations=[Violation(policy="exemptions-in-use", level="advisory", urn="u", text=text)])
    (found,) = judged.exemptions(settings, settings, used, datetime.date(2026, 2, 1))
    assert (found["used"], found["change"]) == ("yes", "same")
    assert judged.judged(None, used, {}) == ([], [])


def test_another_encrypted_setting_is_told_asked_for_and_in_the_sum() -> None:
    before, after = (replace(side(), sealed={"registryCredentials": text}) for text in ("1", "2"))
    assert of_environment(before, after) == ["registryCredentials: another encrypted text"]
    whom = approvals.asked(before, after, (), parts(before, after))
    assert whom.approvals == ["security-office"]
    assert digest([], resealed(before, after)) != digest([], resealed(before, before)) == digest([])


def test_warnings_are_told_when_they_are_new_or_about_more() -> None:
    def said(*texts: str) -> Outcome:
        return Outcome(messages=[Message(severity="warning", text=text) for text in texts])

    old = said("not signed: a, b", "same")
    assert judged.notes(old, said("not signed: b", "same", "pods restart: x in y (z): w")) == []
    assert judged.notes(old, said("not signed: a, c", "new")) == ["not signed: a, c", "new"]
    assert judged.notes(None, said("same", "same")) == ["same"]
