"""Real vLLM on CPU under load tells what the data says: the pinned version, or a newer one in its place."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.monitoring.support.exporters import VLLM, document, of_server, pinned_vllm
from tests.monitoring.support.names import FOLDER, NEWER
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.support.scraped import families, gone, stated
from tests.monitoring.support.serving import server, under_load
from tests.serving.support.served_kitchen import PYTHON
from tools.toolchain import MONITORING, ensure

_LENGTH = "vllm:request_prompt_tokens_bucket"

pytestmark = [pytest.mark.long, pytest.mark.skipif(not os.environ.get(PYTHON), reason=f"{PYTHON} names no vLLM")]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    ensure(MONITORING)
    folder = tmp_path_factory.mktemp("server-names")
    with server(folder) as (kitchen, job), Prometheus(folder / "prometheus", [job]) as made:
        under_load(kitchen)
        made.wait_for_scrapes(3)
        yield made


def test_every_series_of_the_data_is_scraped(prometheus: Prometheus) -> None:
    version = of_server(os.environ[PYTHON]).version
    held = document(VLLM, FOLDER if version == pinned_vllm() else NEWER)
    assert held["version"] == version, "make metrics writes the data of another version anew"
    assert gone(held["metrics"], families(prometheus, VLLM)) == []


def test_the_runbook_says_how_many_series_a_server_tells(prometheus: Prometheus) -> None:
    """Lengths are counted up to `maxModelLen`: the edges that a longer one has are added, as vLLM makes them."""
    told = [labels for labels in prometheus.series(VLLM) if not labels["__name__"].startswith(("up", "scrape_"))]
    edges = Counter(one["__name__"] for one in told if one["__name__"].endswith("_bucket"))
    highest = max(float(one["le"]) for one in told if one["__name__"] == _LENGTH and one["le"] != "+Inf")
    of_lengths = [name for name, count in edges.items() if count == edges[_LENGTH]]
    more = [edge for edge in (digit * 10**power for power in range(4) for digit in (1, 2, 5)) if edge > highest]
    about = stated("with two adapters tells about N for a `maxModelLen` of 8192")
    assert abs(len(told) + len(more) * len(of_lengths) - about) < 10


def test_load_is_seen(prometheus: Prometheus) -> None:
    for series in (
        "vllm:generation_tokens_total > 100",
        "vllm:time_to_first_token_seconds_count > 20",
        'vllm:lora_requests_info{running_lora_adapters!=""}',
        'vllm:num_requests_waiting_by_reason{reason="capacity"}',
        'vllm:num_requests_waiting_by_reason{reason="deferred"}',
    ):
        assert prometheus.query(f"last_over_time({series}[5m])" if ">" not in series else series), series
