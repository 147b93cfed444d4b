"""Alerts on what ends, and on what is no longer as Git has it."""

from __future__ import annotations

from collections.abc import Iterator

from components.observability.alert import Alert, Record, Severity
from components.observability.facts import RuleFacts, among, equal, select

_DAY = 86400

BY_CERTIFICATE, BY_EXEMPTION = "certificate", "exemption"
"""Kinds of ends after which nothing serves that it should not: a connection fails, or an update is refused."""

OVERDUE_DAYS = 2
CHECKED = {
    "audit": "kitchen_audit_completed_timestamp_seconds",
    "drift": "kitchen_drift_checked_timestamp_seconds",
    "policy": "kitchen_policy_checked_timestamp_seconds",
}
"""When each check ran last."""


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """The checks that ought to run."""
    return tuple(
        Record(
            name="kitchen:expected_check",
            expression="vector(1)",
            labels={"environment": facts.environment, "check": check},
        )
        for check in facts.checks
    )


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject."""
    ends = tuple(_ends(facts)) if facts.ends else ()
    return (*ends, *_certificates(facts), *_checks(facts))


def _ends(facts: RuleFacts) -> Iterator[Alert]:
    ends, days = facts.of("kitchen:ends_timestamp_seconds"), facts.thresholds.ends_within_days
    proofs = _of_kind(facts, BY_CERTIFICATE, BY_EXEMPTION, sign="!~")
    what = "The {{ $labels.what }} {{ $labels.name }}"
    keeps = ("environment", "what", "name")
    yield Alert(
        id="KitchenEndsSoon",
        subject="governance",
        expression=f"0 < {ends} - time() < {days * _DAY}",
        severity="ticket",
        owner="security",
        summary=f"{what} ends in {{{{ $value | humanizeDuration }}}}",
        impact="After its last day updates are refused that rest on it; what runs goes on.",
        keeps=keeps,
    )
    yield Alert(
        id="KitchenEnded",
        subject="governance",
        expression=f"{proofs} - time() <= 0",
        severity="page",
        owner="security",
        summary=f"{what} has ended",
        impact="What rests on it goes on serving without it: an adapter whose signer is over, a model without licence.",
        keeps=keeps,
    )
    yield Alert(
        id="KitchenExemptionEnded",
        subject="governance",
        expression=f"{_of_kind(facts, BY_EXEMPTION)} - time() <= 0",
        severity="ticket",
        owner="security",
        summary=f"{what} has ended",
        impact="The policies no longer heed it: the next update is refused, unless the object is mended.",
        keeps=keeps,
    )
    yield Alert(
        id="KitchenAuthorityUrgent",
        subject="governance",
        expression=f"{_of_kind(facts, BY_CERTIFICATE)} - time() < {facts.thresholds.page_within_days * _DAY}",
        severity="page",
        owner="platform",
        summary=f"{what} ends within {facts.thresholds.page_within_days} days, or has ended",
        impact="From its end on pods that trust it alone connect to nothing behind it: the store, or the door.",
        keeps=keeps,
    )


def _of_kind(facts: RuleFacts, *kinds: str, sign: str = "=") -> str:
    return facts.of("kitchen:ends_timestamp_seconds", f'what{sign}"{"|".join(kinds)}"')


def _certificates(facts: RuleFacts) -> Iterator[Alert]:
    limits = facts.thresholds
    stages: tuple[tuple[str, int, Severity], ...] = (
        ("Ends", limits.ends_within_days, "ticket"),
        ("Urgent", limits.page_within_days, "page"),
    )
    for name, days, severity in stages:
        if facts.entry:
            yield _of_entry(facts, name, days, severity)
        if facts.certificates:
            yield _of_manager(facts, name, days, severity)


def _of_entry(facts: RuleFacts, name: str, days: int, severity: Severity) -> Alert:
    left = facts.at("entry", "envoy_server_days_until_first_cert_expiring")
    return Alert(
        id=f"KitchenEntryCertificate{name}",
        subject="governance",
        expression=f"min by (environment) ({left}) < {days}",
        severity=severity,
        owner="platform",
        summary="A certificate that the entry of {{ $labels.environment }} uses "
        + _when_it_ends(severity, days, "{{ $value }} days"),
        impact="From that day on no caller can connect.",
        keeps=("environment",),
    )


def _of_manager(facts: RuleFacts, name: str, days: int, severity: Severity) -> Alert:
    spaces = among("namespace", facts.certificates)
    left = f"{select('certmanager_certificate_expiration_timestamp_seconds', spaces)} - time()"
    return Alert(
        id=f"KitchenCertificate{name}",
        subject="governance",
        expression=f"min by (namespace, name) ({left}) < {days * _DAY}",
        severity=severity,
        owner="platform",
        summary="Certificate {{ $labels.name }} in {{ $labels.namespace }} "
        + _when_it_ends(severity, days, "{{ $value | humanizeDuration }}"),
        impact="cert-manager has not renewed it in time; from its last day on nobody can connect.",
        keeps=("namespace", "name"),
    )


def _when_it_ends(severity: Severity, days: int, left: str) -> str:
    """What a page says holds after the end too, when no time is left."""
    return f"ends within {days} days, or has ended" if severity == "page" else f"ends in {left}"


def _checks(facts: RuleFacts) -> Iterator[Alert]:
    """Results of checks that run by a schedule, told as text files of metrics; they hold until the next run."""
    found = {"drift": _drift, "policy": _violations, "audit": _audit}
    yield from (found[check](facts) for check in sorted(facts.checks))
    done = " or ".join(
        f'label_replace(max by (environment) ({_when(facts, check)}), "check", "{check}", "", "")'
        for check in sorted(facts.checks)
    )
    expected = facts.of("kitchen:expected_check")
    if facts.checks:
        yield Alert(
            id="KitchenCheckOverdue",
            subject="governance",
            expression=f"{expected} unless on (environment, check) (time() - ({done}) < {OVERDUE_DAYS * _DAY})",
            hold="1h",
            severity="ticket",
            owner="security",
            summary=f"The check {{{{ $labels.check }}}} of {{{{ $labels.environment }}}} told nothing for "
            f"{OVERDUE_DAYS} days",
            impact="What is not as Git has it would not be noticed.",
            keeps=("environment", "check"),
        )


def _when(facts: RuleFacts, check: str) -> str:
    return facts.of(CHECKED[check], *facts.outside())


def _last(facts: RuleFacts, check: str, metric: str, *matchers: str) -> str:
    """The numbers of a check's last run alone.

    Where it ran on another machine before, that one's file is still there, with numbers that may long be mended.
    """
    when = _when(facts, check)
    newest = f"{when} == on (environment) group_left () max by (environment) ({when})"
    return f"({facts.of(metric, *facts.outside(*matchers))} and on (environment, job, instance) ({newest}))"


def _drift(facts: RuleFacts) -> Alert:
    return Alert(
        id="KitchenDriftFound",
        subject="governance",
        expression=f"sum by (environment) {_last(facts, 'drift', 'kitchen_drift_changes')} > 0",
        severity="ticket",
        owner="platform",
        summary="{{ $value }} objects of {{ $labels.environment }} are not as the last update left them",
        impact="Somebody changed the cluster by hand: what runs is not what was reviewed.",
        keeps=("environment",),
    )


def _violations(facts: RuleFacts) -> Alert:
    violations = _last(facts, "policy", "kitchen_policy_violations", equal("level", "mandatory"))
    return Alert(
        id="KitchenPolicyViolations",
        subject="governance",
        expression=f"sum by (environment, rule) {violations} > 0",
        severity="ticket",
        owner="security",
        summary="{{ $value }} objects in the state of {{ $labels.environment }} violate the policy {{ $labels.rule }}",
        impact="The rule is newer than the state, or an exemption has ended: the next update is refused.",
        keeps=("environment", "rule"),
    )


def _audit(facts: RuleFacts) -> Alert:
    differs = _last(facts, "audit", "kitchen_audit_lines", equal("verdict", "differs"))
    return Alert(
        id="KitchenAuditDiffers",
        subject="governance",
        expression=f"sum by (environment) {differs} > 0",
        severity="page",
        owner="security",
        summary="{{ $value }} lines of the last audit of {{ $labels.environment }} differ from Git",
        impact="The cluster runs something that was not approved.",
        keeps=("environment",),
    )
