"""A right that is refused names who, what and where, and the command that gives it."""

from __future__ import annotations

import pytest

from tools.engine import report
from tools.engine.outcome import Message, Outcome
from tools.engine.refused import refused

URN = "urn:pulumi:dev::kitchen::kubernetes:core/v1:ResourceQuota::helpdesk-quota"
CI = "system:serviceaccount:kitchen-delivery:kitchen-ci-dev"
PATCH = (
    f'resource "helpdesk-dev/quota" was not successfully created: resourcequotas "quota" is forbidden: User "{CI}" '
    'cannot patch resource "resourcequotas" in API group "" in the namespace "helpdesk-dev"'
)


def told(text: str, urn: str = URN) -> list[str]:
    return refused(Outcome(status=1, messages=[Message(severity="error", text=text, urn=urn)]))


def test_who_what_where_and_the_way_out() -> None:
    assert told(PATCH) == [
        f"right missing: {CI} may not patch resourcequotas in namespace helpdesk-dev (object quota); an administrator "
        "of the cluster gives it: kitchen identity --stack dev --way ci | kubectl apply -f -"
    ]


def test_what_is_in_no_namespace_and_in_a_group() -> None:
    (line,) = told(
        f'priorityclasses.scheduling.k8s.io "kitchen-dev" is forbidden: User "{CI}" cannot create resource '
        '"priorityclasses" in API group "scheduling.k8s.io" at the cluster scope'
    )
    assert "may not create priorityclasses.scheduling.k8s.io in the cluster (object kitchen-dev)" in line


def test_another_account_and_a_person_get_other_words() -> None:
    (account,) = told(PATCH.replace(CI, "system:serviceaccount:build:runner"))
    assert account.endswith("kitchen identity --stack dev --account build/runner | kubectl apply -f -")
    (person,) = told(PATCH.replace(CI, "ana"))
    assert person.endswith("the roles that `kitchen identity --stack dev` writes are what ana needs")


def test_a_role_that_grants_more_than_is_held() -> None:
    (line,) = told(
        f'roles.rbac.authorization.k8s.io "kitchen-owner" is forbidden: user "{CI}" (groups=["a"]) is '
        'attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'
    )
    assert "may not write the role kitchen-owner, as it does not hold what that grants: " in line
    assert 'Resources:["pods"]' in line and "\n" not in line


@pytest.mark.parametrize("text", ["", "quota exceeded", 'is forbidden: exceeded quota: quota, requested: "a"'])
def test_what_is_no_refused_right_gets_no_sentence(text: str) -> None:
    assert told(text) == []


def test_each_right_is_told_once_beside_the_server_s_own_words() -> None:
    message = Message(severity="error", text=PATCH, urn=URN)
    lines = report.failure(Outcome(status=1, messages=[message, message]))
    assert sum(line.startswith("right missing: ") for line in lines) == 1
    assert any("was not successfully created" in line for line in lines)


def test_no_control_character_of_a_server_is_passed_on() -> None:
    (line,) = told(PATCH.replace("kitchen-ci-dev", "kitchen-ci-\x1b[2J"))
    assert "\x1b" not in line
