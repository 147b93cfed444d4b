"""The sidecar of the record: what its pod gives it, and that its files are where it looks."""

from __future__ import annotations

from dataclasses import replace

from components.entry.plan import EntryPlan
from components.entry.shipper import FOLDER, Shipping, container, volumes
from components.platform import Platform
from infra.payload.call_files import LIVE
from infra.payload.ship_calls import _parser

PLAN = EntryPlan(environment="dev", issuers=[], grants=[])
SHIPPING = Shipping(
    image="registry.kitchen.example/kserve/storage-initializer@sha256:" + "1" * 64,
    bucket="kitchen-dev-audit",
    endpoint="https://minio.object-store.svc:9000",
    region="us-east-1",
    secret="record-key",
    scripts_config_map="record-scripts",
    ca_bundle="ca",
)
PLATFORM = Platform(kind="kubernetes")


def test_it_takes_what_envoy_writes_and_ends_after_envoy() -> None:
    made = container(SHIPPING, PLAN, PLATFORM)
    options = _parser().parse_args(made["args"])
    assert PLAN.record_path == f"{options.folder}/{LIVE}" == f"{FOLDER}/{LIVE}"
    assert options.admin_port == PLAN.ports.admin
    assert made["restartPolicy"] == "Always", "an init container that goes on ends after the others"
    assert options.port == made["readinessProbe"]["httpGet"]["port"]


def test_it_says_no_before_the_disk_is_full() -> None:
    made = container(replace(SHIPPING, room_mib=1000), PLAN, PLATFORM)
    (room,) = [volume for volume in volumes(replace(SHIPPING, room_mib=1000)) if volume["name"] == "record"]
    assert room["emptyDir"]["sizeLimit"] == "1000Mi"
    assert _parser().parse_args(made["args"]).most_waiting_mib == 500


def test_every_mount_has_its_volume_and_the_key_is_a_file() -> None:
    for shipping in (SHIPPING, replace(SHIPPING, ca_bundle=None)):
        made = container(shipping, PLAN, PLATFORM)
        assert {mount["name"] for mount in made["volumeMounts"]} == {volume["name"] for volume in volumes(shipping)}
        assert not [entry for entry in made["env"] if "secretKeyRef" in str(entry)]
    (key,) = [volume for volume in volumes(SHIPPING) if volume["name"] == "record-key"]
    assert key["secret"]["secretName"] == "record-key" and key["secret"]["defaultMode"] == 0o440
