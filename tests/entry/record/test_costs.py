"""What calls cost by the settings' prices: read from the real store, as table, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ops.__main__ import main
from tests.entry.record.store import BUCKET, AuditStore
from tests.entry.record.test_shipping import Capture, call, ship
from tests.support.minio_server import MinioServer
from tools.local.workspace import REPOSITORY

CALLS = 300


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditStore]:
    """With calls of three tenants, of whom one is nobody."""
    folder = tmp_path / "entry-0"
    folder.mkdir()
    with MinioServer(tmp_path / "minio") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        made = AuditStore(server, tmp_path)
        ship(folder, made, [call(number) for number in range(CALLS)])
        yield made


def usage(capsys: Capture, store: AuditStore, settings: Path, *words: str) -> tuple[str, list[str]]:
    capsys.readouterr()
    place = ["--settings", str(settings), "--endpoint", store.server.endpoint, "--bucket", BUCKET]
    assert main(["usage", *place, "--month", "2026-11", "--by", "tenant", *words]) == 0
    said = capsys.readouterr()
    return said.out, [line for line in said.err.splitlines() if "not counted" in line]


def test_cost_stands_where_a_price_is_stated_and_what_is_missing_is_said(
    tmp_path: Path, store: AuditStore, capsys: Capture
) -> None:
    plain = REPOSITORY / "Pulumi.dev.yaml"
    assert "COST" not in usage(capsys, store, plain)[0]
    said = yaml.safe_load(plain.read_text())
    said["config"]["kitchen:prices"] = {"currency": "JPY", "thousandTokens": 0.3, "gpuHour": {"l40s": 120}}
    priced = tmp_path / "Pulumi.dev.yaml"
    priced.write_text(yaml.safe_dump(said))

    out, missing = usage(capsys, store, priced, "--json")
    rows = {row["tenant"]: row for row in json.loads(out)["rows"]}
    for number in range(3):
        tenant = call(number)["tenant"]
        tokens = sum(one["totalTokens"] or 0 for one in map(call, range(CALLS)) if one["tenant"] == tenant)
        assert float(rows[tenant]["tokenCost"]) == pytest.approx(tokens * 0.3 / 1000, abs=0.005)
        assert (rows[tenant]["currency"], "gpuCost" in rows[tenant]) == ("JPY", False)
    assert any("GPU hours of support: give them by --gpu-hours support=HOURS" in line for line in missing)
    assert [f"usage: not counted: {text}" for text in json.loads(out)["notCounted"]] == missing

    table, missing = usage(capsys, store, priced, "--gpu-hours", "support=1440")
    assert {"TOKENCOST", "GPUCOST", "COST", "CURRENCY"} <= set(table.splitlines()[0].split())
    assert str(1440 * 120) in table.splitlines()[-1], "all of what the GPUs cost is divided"
    assert not any("support:" in line for line in missing)
    tenant = next(name for name in rows if name)
    one, _ = usage(capsys, store, priced, "--gpu-hours", "support=1440", "--tenant", tenant, "--csv")
    whole, _ = usage(capsys, store, priced, "--gpu-hours", "support=1440", "--csv")
    assert list(csv.reader(io.StringIO(one)))[1] in list(csv.reader(io.StringIO(whole))), "as among all tenants"
    over, _ = usage(capsys, store, priced, "--price-thousand-tokens", "0", "--json")
    assert json.loads(over)["sum"]["tokenCost"] == "0.00"
