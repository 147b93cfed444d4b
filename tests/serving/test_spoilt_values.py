"""One adapter with a value that is no number spoils the answers of others on the real server, and never gets there.

vLLM does not clear freed blocks of its cache: the next request in such a block reads what the first one left, and
passes it on (seen on CPU; flash-attention#2374, vllm#35219 and vllm#50283 on GPUs).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

from ops.checks import check_artifact
from tests.serving.support.tiny_models import LLAMA, adapter, catalog_with, put
from tests.serving.support.tiny_server import BASE, TinyServer
from tests.support import pod_package
from tests.support.artifacts import WEIGHTS, write
from tests.support.minio_server import REGION, MinioServer
from tests.support.values import one_value

BUCKET = "lora"
LENGTHS = ((150, 40), (200, 60), (130, 20), (250, 100), (180, 130), (300, 30))
"""Of the prompt to the spoilt adapter, and of the prompts that come after it: these are shorter than a block of the
cache, so that no answer comes out of the cache of prefixes."""

BLOCKS = 8
"""Blocks of the cache: few, so that the next request gets one that was freed."""


def prompt(length: int) -> list[int]:
    return [32 + number % 64 for number in range(length)]


def fetched(folder: Path, store: MinioServer, adapters: dict[str, Path]) -> subprocess.CompletedProcess[str]:
    """What the init container does with adapters that were published with right sums."""
    entries = []
    for name, source in adapters.items():
        files = []
        for path in sorted(source.iterdir()):
            content = path.read_bytes()
            store.client().put_object(Bucket=BUCKET, Key=f"{name}/v1/{path.name}", Body=content)
            digest = hashlib.sha256(content).hexdigest()
            files.append({"path": path.name, "sha256": digest, "sizeBytes": len(content)})
        entries.append({"name": name, "version": "v1", "files": files})
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"bucket": BUCKET, "dtype": "bfloat16", "adapters": entries}))
    keys = {"AWS_ACCESS_KEY_ID": store.access_key, "AWS_SECRET_ACCESS_KEY": store.secret_key}
    where = {"AWS_ENDPOINT_URL": store.endpoint, "AWS_DEFAULT_REGION": REGION, "PATH": os.environ["PATH"]}
    words = [*pod_package.started("fetch_adapters"), "--manifest", manifest, "--target", folder / "served"]
    return subprocess.run(
        words, cwd=pod_package.HOME, env=where | keys, capture_output=True, text=True, timeout=120, check=False
    )


def test_one_adapter_spoils_the_others_and_no_pod_gets_it(tmp_path: Path) -> None:
    model = write(tmp_path / "model", LLAMA.files())
    good = adapter(tmp_path / "good", LLAMA, ("q_proj", "v_proj"))
    bad = put(tmp_path / "bad", LLAMA, {}, target_modules=["q_proj", "v_proj"])
    (bad / WEIGHTS).write_bytes(one_value((good / WEIGHTS).read_bytes(), float("nan")))

    with TinyServer(tmp_path, model, {"good": good, "bad": bad}, f"--num-gpu-blocks-override={BLOCKS}") as server:
        right = {(name, short): server.answer(name, prompt(short)) for name in (BASE, "good") for _, short in LENGTHS}
        spoilt = 0
        for long, short in LENGTHS:
            server.answer("bad", prompt(long))
            spoilt += sum(server.answer(name, prompt(short)) != right[name, short] for name in (BASE, "good") * 2)
        print(f"\nspoilt answers of the base model and of another adapter: {spoilt} of {4 * len(LENGTHS)}")
        assert spoilt > 0, "this vLLM does not pass it on any more: then docs/adr/0038-adapters.md is to say so"

    catalog = catalog_with(tmp_path / "catalog", LLAMA, model)
    (fault,) = check_artifact("adapter", "", bad, catalog)
    assert (fault.value, "layers.1.self_attn.v_proj.lora_B" in fault.path) == ("NaN", True)
    with MinioServer(tmp_path / "minio") as store:
        store.client().create_bucket(Bucket=BUCKET)
        done = fetched(tmp_path, store, {"good": good, "bad": bad})
    assert done.returncode == 1
    assert f"{BUCKET}/bad/v1/{WEIGHTS}: tensor " in done.stderr
    assert "lora_B.weight: NaN" in done.stderr
    assert [path.name for path in (tmp_path / "served").iterdir()] == ["good"], "the server's folder has the good one"
