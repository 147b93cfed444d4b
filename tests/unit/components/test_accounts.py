"""Names of ServiceAccounts: what they say, what is none, and who speaks for them."""

from __future__ import annotations

import pytest

from components.accounts import account, by_cluster, names_accounts

WELL_WRITTEN = {
    "system:serviceaccount:shop:backend": ("", "shop", "backend"),
    "system:serviceaccount:shop:backend.v2": ("", "shop", "backend.v2"),
    "system:serviceaccounts:shop": ("", "shop", None),
    "portal:system:serviceaccount:shop:backend": ("portal:", "shop", "backend"),
    "portal-2:system:serviceaccounts:shop": ("portal-2:", "shop", None),
}
BADLY_WRITTEN = (
    *("system:serviceaccount", "system:serviceaccounts", "system:serviceaccounts:", "system:serviceaccount:shop"),
    *("system:serviceaccount:shop:", "system:serviceaccount::backend", "system:serviceaccount:Shop:backend"),
    *("system:serviceaccount:shop:backend:x", "system:serviceaccounts:shop:backend", "portal/system:serviceaccounts:a"),
    *("a:b:system:serviceaccounts:shop", "system:serviceaccounts:shop\n", "xsystem:serviceaccounts:shop", "system:"),
    *("system:serviceaccounts:" + "a" * 64, ":system:serviceaccounts:shop", " system:serviceaccounts:shop"),
)


@pytest.mark.parametrize("member", WELL_WRITTEN)
def test_what_a_name_says(member: str) -> None:
    found = account(member)
    assert found is not None
    assert (found.prefix, found.namespace, found.name) == WELL_WRITTEN[member]
    assert found.prefix + found.own == member


@pytest.mark.parametrize("member", BADLY_WRITTEN)
def test_what_is_no_name(member: str) -> None:
    assert account(member) is None


def test_whatever_has_their_mark_is_no_group() -> None:
    named = [member for member in (*WELL_WRITTEN, *BADLY_WRITTEN) if names_accounts(member)]
    assert named == [*WELL_WRITTEN, *(member for member in BADLY_WRITTEN if member != "system:")]
    assert not names_accounts("helpdesk-callers")


def test_each_cluster_gets_its_own_accounts_and_badly_written_ones_go_nowhere() -> None:
    members = ["helpdesk", *WELL_WRITTEN, *BADLY_WRITTEN[:-3]]
    groups, accounts = by_cluster(members, {"here": "", "there": "portal:"})
    assert groups == ["helpdesk", "system:"]
    assert accounts == {
        "here": [member for member in WELL_WRITTEN if member.startswith("system:")],
        "there": ["system:serviceaccount:shop:backend"],
    }


def test_without_a_cluster_no_account_is_known() -> None:
    assert by_cluster(["helpdesk", *WELL_WRITTEN], {}) == (["helpdesk"], {})
