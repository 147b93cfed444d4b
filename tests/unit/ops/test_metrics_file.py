"""Numbers for node exporter: read by Prometheus' own reader, whatever the labels say, and whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

from ops.metrics_file import Metric, checked_at, write
from tests.unit.support.exposition import samples


def test_labels_of_any_text_are_read_back(tmp_path: Path) -> None:
    odd = 'a"b\\c\nd 営業'
    write(tmp_path / "m.prom", Metric(name="kitchen_x", text="X.", labels=("one",), values={(odd,): 2.5}))
    assert samples(tmp_path / "m.prom") == {("kitchen_x", odd): 2.5}


def test_a_file_is_replaced_and_others_may_read_it(tmp_path: Path) -> None:
    for number in (1, 2):
        metric = Metric(name="kitchen_x", text="X.", labels=("a",), values={("b",): number})
        write(tmp_path / "m.prom", metric, checked_at("kitchen_y", "dev"))
    found = samples(tmp_path / "m.prom")
    assert found["kitchen_x", "b"] == 2 and ("kitchen_y", "dev") in found
    assert [path.name for path in tmp_path.iterdir()] == ["m.prom"]
    assert stat.S_IMODE((tmp_path / "m.prom").stat().st_mode) == 0o644


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("of somebody else")
    (tmp_path / "m.prom").symlink_to(tmp_path / "shadow")
    write(tmp_path / "m.prom", checked_at("kitchen_y", "dev"))
    assert (tmp_path / "shadow").read_text() == "of somebody else"
    assert ("kitchen_y", "dev") in samples(tmp_path / "m.prom")
