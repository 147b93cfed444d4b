"""How calls are added up, what they cost, and what is refused of what is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ops.__main__ import main
from ops.calls.options import month, period
from ops.calls.prices import Prices
from ops.calls.reading import Period
from ops.calls.table import as_csv, table
from ops.calls.usage import Usage
from ops.calls.usage_command import LARGEST
from tools.local.workspace import REPOSITORY

SETTINGS = ["--settings", str(REPOSITORY / "Pulumi.dev.yaml")]


def call(tokens: int | None, **more: Any) -> dict[str, Any]:
    said = {"tenant": "sales", "issuer": "idp", "caller": "ana", "model": "faq", "kitchen": "support"}
    told = {"decision": "allowed", "promptTokens": None, "completionTokens": None, "totalTokens": tokens}
    return {"time": "2026-11-29T10:00:00.000Z", **said, **told, **more}


def test_sums_and_cost_by_tenant() -> None:
    calls = [call(1000), call(500), call(None), call(500, tenant="legal"), call(None, decision="refused", model=None)]
    usage = Usage(["tenant"]).add(calls)
    prices = Prices(
        thousand_tokens=Decimal("0.10"), gpu_hour=Decimal(2), gpu_hours={"support": Decimal(100), "idle": Decimal(7)}
    )
    none = {"prompt": 0, "completion": 0}
    legal = {"tenant": "legal", "calls": 1, "refused": 0, **none, "total": 500, "untold": 0}
    sales = {"tenant": "sales", "calls": 4, "refused": 1, **none, "total": 1500, "untold": 1}
    costs = ({"tokenCost": "0.05", "gpuCost": "50.00", "cost": "50.05"},
             {"tokenCost": "0.15", "gpuCost": "150.00", "cost": "150.15"})  # fmt: skip
    assert usage.rows(prices) == [legal | costs[0], sales | costs[1]]
    everything = {**sales, "tenant": "(all)", "calls": 5, "total": 2000}
    assert usage.sum_row(prices) == everything | {"tokenCost": "0.20", "gpuCost": "200.00", "cost": "200.20"}
    assert usage.rows(Prices()) == [legal, sales], "what nobody has priced costs not nothing"


def test_a_tenants_part_of_a_kitchens_gpus_is_divided_by_the_tokens_of_all_tenants() -> None:
    prices = Prices(gpu_hour=Decimal(2), gpu_hours={"support": Decimal(100)})
    calls = [call(1500), call(500, tenant="legal")]
    (legal,) = Usage(["tenant"], "legal").add(calls).rows(prices)
    assert (legal["tenant"], legal["total"], legal["gpuCost"]) == ("legal", 500, "50.00")
    assert Usage(["tenant"], "legal").add(calls).sum_row(prices)["cost"] == "50.00"


def test_columns_are_those_of_prices_that_are_known() -> None:
    def columns(prices: Prices) -> list[str]:
        (row,) = Usage(["tenant"]).add([call(1)]).rows(prices)
        return [name for name in row if name in ("tokenCost", "gpuCost", "cost", "currency")]

    assert columns(Prices(currency="JPY")) == []
    assert columns(Prices(currency="JPY", thousand_tokens=Decimal(1))) == ["tokenCost", "cost", "currency"]
    assert columns(Prices(gpu_hour=Decimal(1))) == [], "without hours nothing is known of them"
    assert columns(Prices(gpu_hour=Decimal(1), gpu_hours={"support": Decimal(1)})) == ["gpuCost", "cost"]


def test_each_kitchen_has_its_own_price() -> None:
    prices = Prices(thousand_tokens=Decimal(1), thousand_tokens_of={"summary": Decimal(10)})
    usage = Usage(["kitchen"]).add([call(1000), call(1000, kitchen="summary")])
    assert {row["kitchen"]: row["cost"] for row in usage.rows(prices)} == {"summary": "10.00", "support": "1.00"}
    assert usage.sum_row(prices)["cost"] == "11.00"


def test_rounded_costs_do_not_lose_money() -> None:
    usage = Usage(["caller"]).add(call(4, caller=f"caller-{number}") for number in range(1000))
    assert usage.sum_row(Prices(thousand_tokens=Decimal(1)))["cost"] == "4.00"


def test_one_name_at_two_issuers_is_two_callers() -> None:
    rows = Usage(["caller"]).add([call(1), call(2, issuer="other")]).rows(Prices())
    assert [(row["issuer"], row["caller"], row["total"]) for row in rows] == [("idp", "ana", 1), ("other", "ana", 2)]


def test_by_day_and_without_a_value() -> None:
    rows = Usage(["day", "tenant"]).add([call(1, tenant=None), call(2, time="2026-11-28T23:59:59.999Z")]).rows(Prices())
    assert [(row["day"], row["tenant"]) for row in rows] == [("2026-11-28", "sales"), ("2026-11-29", None)]


def test_a_table_and_csv_show_what_comes_from_outside_as_text() -> None:
    rows = [{"caller": "=cmd()\x1b[2J", "calls": 12}, {"caller": None, "calls": 3}]
    assert table(rows).splitlines() == ["CALLER         CALLS", "=cmd()\\x1b[2J     12", "-                  3"]
    assert as_csv(rows) == "caller,calls\n'=cmd()\\x1b[2J,12\n,3\n"
    assert (table([]), as_csv([])) == ("(none)", "")


def test_a_period_is_whole_days_and_minutes() -> None:
    found = period("calls", "2026-11-28", "2026-11-29")
    assert found == Period(start="2026-11-28T00:00:00.000Z", end="2026-11-30T00:00:00.000Z")
    assert list(found.days()) == ["2026/11/28", "2026/11/29"]
    assert list(period("calls", "2026-11-28T23:00", "2026-11-29T00:01").days()) == ["2026/11/28", "2026/11/29"]
    assert list(month("usage", "2026-12").days())[-1] == "2026/12/31"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["calls", "--from", "yesterday", "--to", "2026-11-29"],
            '--from: "yesterday"; rule: a day, or a minute in',
        ),
        (["calls", "--from", "2026-11-29", "--to", "2026-11-28"], "--to: "),
        (["calls", "--from", "2026-11-29T10:00:00+02:00", "--to", "2026-11-30"], "--from: "),
        (["usage", "--month", "2026-13"], '--month: "2026-13"; rule: a month in UTC; example: 2026-11'),
        (["usage", "--month", "9999-12"], '--month: "9999-12"; rule: a month in UTC'),
        (
            ["calls", "--from", "2026-11-29", "--to", "9999-12-31"],
            '--to: "9999-12-31"; rule: a day, or a minute in UTC, of',
        ),
        (["calls", "--from", "0001-01-01", "--to", "2026-11-29"], "--from: "),
        (["calls", "--from", "2021-01-01", "--to", "2026-11-29"], "400 days at most"),
        (["usage", "--month", "2026-11", "--bucket", "../x"], '--bucket: "../x"; rule: a bucket\'s name'),
        (["usage", "--month", "2026-11", "--by", "tenant,prompt"], '--by: "prompt"; rule: must be of environment'),
        (["usage", "--month", "2026-11", "--price-gpu-hour", "NaN"], '--price-gpu-hour: "NaN"; rule: a number, 0 or'),
        (["usage", "--month", "2026-11", "--gpu-hours", "=3"], "--gpu-hours: "),
        (["usage", "--month", "2026-11", "--gpu-hours", "support=-3"], "--gpu-hours: "),
        (["usage", "--month", "2026-11", "--gpu-hours", "support=1e40"], "0 or more and 1000000000 at most"),
        (["usage", "--month", "2026-11", "--price-thousand-tokens", "1e30"], "0 or more and 1000000000 at most"),
        (
            ["usage", "--month", "2026-11", "--gpu-hours", "support=1", "--gpu-hours", "support=2"],
            '--gpu-hours: "support=2"; rule: a kitchen stands once: support has hours already',
        ),
    ],
)
def test_bad_input_is_one_line_and_asks_no_store(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([words[0], *SETTINGS, *words[1:]]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert len(said.err.splitlines()) == 2
    assert said.out == ""


def test_the_largest_prices_and_hours_have_a_cost() -> None:
    most = Decimal(LARGEST)
    prices = Prices(thousand_tokens=most, gpu_hour=most, gpu_hours={"support": most})
    (row,) = Usage(["tenant"]).add([call(10**12)]).rows(prices)
    assert row["cost"] == f"{10**18 + 10**18}.00"


def test_all_faults_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["--by", "prompt", "--price-gpu-hour", "x", "--gpu-hours", "support=y", "--gpu-hours", "support=1e10"]
    assert main(["usage", *SETTINGS, "--month", "2026-11", *wrong]) == 2
    assert "usage: 5 faults" in capsys.readouterr().err


def test_a_store_that_is_away_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS", "SECRET"):
        monkeypatch.setenv(f"KITCHEN_OBJECT_STORE_{name}_KEY", "canary-key")
    place = ["--endpoint", "http://127.0.0.1:9"]
    assert main(["usage", *SETTINGS, *place, "--month", "2026-11"]) == 1
    told = capsys.readouterr().err
    assert "usage: object store http://127.0.0.1:9 out of reach" in told
    assert "canary-key" not in told
    assert len(told.splitlines()) == 1
