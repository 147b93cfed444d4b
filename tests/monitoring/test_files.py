"""Files for a Prometheus of one's own: promtool takes them, and they say what the monitors say."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from components.observability.rules import all_records
from infra.catalog import load_catalog
from infra.load import load_settings, read_stack_file
from infra.monitoring import facts, platform_targets, rule_groups, targets
from infra.monitoring_files import ALERTMANAGER_FILE, RULES_FILE, SCRAPES_FILE, rules_file, scrapes_file
from infra.settings import Settings
from tests.monitoring.rules.promtool import run
from tools.local.offline import write_monitoring
from tools.local.workspace import REPOSITORY

PLATFORM = ("gpu", "kube", "kserve")
MINIO = {
    "owner": "platform",
    "costCentre": "1",
    "storageClass": "fast",
    "sizeGiB": 10,
    "issuer": "kitchen-ca",
}


def everything() -> dict[str, Any]:
    """What production is, in dev, with all that can be scraped: the shared counter, and MinIO in the cluster."""
    data = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.prod.yaml"))
    data["entry"] |= {"counter": "shared"}
    data["objectStore"] |= {"deploy": MINIO, "endpoint": "https://minio.object-store.svc:9000"}
    del data["objectStore"]["network"]
    objectives = {"support": {"ttftSeconds": 2.5, "tpsPerUser": 20, "availability": 0.995}}
    return data | {
        "environment": "dev",
        "phase": 4,
        "monitoring": {
            "form": "files",
            "objectives": objectives,
            "checks": ["audit"],
            "scrapes": {part: {} for part in PLATFORM},
        },
    }


def settings() -> Settings:
    return load_settings(everything(), load_catalog())


def written(said: Settings) -> str:
    return scrapes_file(targets(said), environment=said.environment, parts=platform_targets(said))


def test_prometheus_takes_the_files(tmp_path: Path) -> None:
    said = settings()
    (tmp_path / RULES_FILE).write_text(rules_file(rule_groups(said)))
    (tmp_path / SCRAPES_FILE).write_text(written(said))
    authority = tmp_path / "authority.crt"
    authority.touch()
    scrapes = (tmp_path / SCRAPES_FILE).read_text()
    (tmp_path / SCRAPES_FILE).write_text(scrapes.replace("/etc/prometheus/kitchen/object-store.crt", str(authority)))
    main = {"rule_files": [RULES_FILE], "scrape_config_files": [SCRAPES_FILE]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(main))
    status, told = run("check", "config", "--lint=all", "--lint-fatal", "prometheus.yml", cwd=tmp_path)
    assert status == 0, told


def test_every_part_has_a_job() -> None:
    jobs = yaml.safe_load(written(settings()))["scrape_configs"]
    parts = {
        rule["replacement"] for job in jobs for rule in job["relabel_configs"] if rule.get("target_label") == "part"
    }
    assert parts == {"server", "adapters", "load", "entry", "record", "counter", "store", *PLATFORM}


def test_every_part_that_an_alert_expects_has_a_job() -> None:
    """Else `KitchenPartUnseen` fires for ever."""
    said = settings()
    expected = {record.labels["part"] for record in all_records(facts(said)) if record.name == "kitchen:expected_part"}
    jobs = yaml.safe_load(written(said))["scrape_configs"]
    assert set(PLATFORM) < expected
    assert expected <= {
        rule["replacement"] for job in jobs for rule in job["relabel_configs"] if rule.get("target_label") == "part"
    }


def test_a_render_writes_them_beside_the_objects(tmp_path: Path) -> None:
    config = tmp_path / "Pulumi.prod.yaml"
    config.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in everything().items()}}))
    written = write_monitoring(config, tmp_path / "monitoring")
    assert [path.name for path in written] == [ALERTMANAGER_FILE, RULES_FILE, SCRAPES_FILE]
    assert "KitchenServersMissing" in written[1].read_text()


def test_beside_the_operator_s_objects_routes_alone_are_a_file(tmp_path: Path) -> None:
    said = everything() | {"platform": {"kind": "kubernetes", "monitoring": True}}
    del said["monitoring"]["form"]
    config = tmp_path / "Pulumi.prod.yaml"
    config.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in said.items()}}))
    assert [path.name for path in write_monitoring(config, tmp_path / "monitoring")] == [ALERTMANAGER_FILE]


def test_nothing_is_written_where_nothing_is_asked_for(tmp_path: Path) -> None:
    left = tmp_path / "monitoring"
    left.mkdir()
    (left / RULES_FILE).write_text("of an earlier render")
    assert write_monitoring(REPOSITORY / "Pulumi.prod.yaml", left) == []
    assert not left.exists()


def test_the_table_is_read_without_the_engine() -> None:
    """Commands that load settings need not wait for Pulumi's SDK."""
    look = "import sys, infra.load; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], cwd=REPOSITORY, check=False).returncode == 0
