"""What a person says on publishing: all that is wrong with it, before the store is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from infra.faults import FaultsError
from ops.__main__ import main
from ops.catalog import publishing
from ops.publish import PublishReport
from ops.signing import Signer, public_key
from tests.support import bundle_tools as tools
from tests.support.artifacts import MODEL, catalog_folder, write, write_adapter
from tools.fixtures import base_model_files
from tools.local.workspace import REPOSITORY


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Menu/v2026-06-01", "must match [a-z0-9]"),
        ("menu", "must match [a-z0-9]"),
        ("../menu/v2026-06-01", "must match [a-z0-9]"),
        ("menu/v2026-02-30", "an adapter's version is v and a day that there is"),
    ],
)
def test_what_a_new_entry_lacks_is_told_at_once(
    name: str, rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the store is asked, with the option that is wrong."""
    catalog = catalog_folder(tmp_path / "catalog")
    before = {path.name: path.read_bytes() for path in catalog.iterdir()}
    folder = write_adapter(tmp_path / "menu")
    settings = str(REPOSITORY / "Pulumi.dev.yaml")
    words = ("--licence", "GPL-3.0", "--owner", "a\nb", "--settings", settings, "--catalog", str(catalog))
    assert main(["adapter", "publish", str(folder), "--name", name, *words]) == 2
    told = capsys.readouterr().err
    assert f'--name: "{name}"; rule: {rule}' in told
    assert '--licence: "GPL-3.0"; rule: must be a licence of infra/catalog/licences.yaml: Apache-2.0' in told
    assert '--owner: "a\\nb"; rule: a new entry has it, on one line' in told
    assert "--origin: missing; rule: a new entry has it" in told
    assert {path.name: path.read_bytes() for path in catalog.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("menu/v2026-06-02", "menu/v2026-06-01, the version before it"),
        ("menu-copy/v2026-06-01", "menu/v2026-06-01, which has the same weights"),
    ],
)
def test_the_classes_of_the_same_weights_and_of_the_version_before_are_asked_for(
    name: str, whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog, folder = catalog_folder(tmp_path / "catalog"), write_adapter(tmp_path / "menu")
    sent = PublishReport(bucket="dev-lora", uploaded=(), already_there=(), sent_bytes=0)
    monkeypatch.setattr(publishing, "publish", lambda *_, **__: sent)
    monkeypatch.setattr(publishing, "client", lambda *_: None)
    words = ["--licence", "Apache-2.0", "--origin", "here", "--owner", "support-team", "--catalog", str(catalog)]
    words += ["--settings", str(REPOSITORY / "Pulumi.dev.yaml")]
    classed = ["--data-class", "personal", "--data-class", "confidential"]
    assert main(["adapter", "publish", str(folder), "--name", "menu/v2026-06-01", *words, *classed]) == 0
    before = (catalog / "adapters.yaml").read_bytes()
    capsys.readouterr()
    again = ["adapter", "publish", str(folder), "--name", name, *words]
    assert main(again) == 2
    rule = f"must have the classes of {whose}; what is declassified has other files and a new name"
    option = "--data-class confidential --data-class personal"
    told = capsys.readouterr().err.splitlines()
    assert told[1:] == [f"  --data-class: missing; rule: {rule}; example: {option}"]
    assert (catalog / "adapters.yaml").read_bytes() == before
    assert main([*again, *classed]) == 0


def test_an_entry_of_before_gets_what_is_read_of_its_files_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog, folder = catalog_folder(tmp_path / "catalog"), write(tmp_path / "tiny", base_model_files(MODEL))
    file = catalog / "base-models.yaml"
    whole = yaml.safe_load(file.read_text())
    right = whole["baseModels"][MODEL].pop("modules")
    file.write_text(yaml.safe_dump(whole, sort_keys=False))
    sent = PublishReport(bucket="dev-models", uploaded=(), already_there=(), sent_bytes=0)
    monkeypatch.setattr(publishing, "publish", lambda *_, **__: sent)
    monkeypatch.setattr(publishing, "client", lambda *_: None)
    words = ["--name", MODEL, "--settings", str(REPOSITORY / "Pulumi.dev.yaml"), "--catalog", str(catalog)]
    assert main(["model", "lint", str(folder), "--name", MODEL, "--catalog", str(catalog)]) == 0
    assert "note: the catalog entry of tiny/v1 has no `modules`" in capsys.readouterr().out
    assert main(["model", "publish", str(folder), *words]) == 0
    assert "tiny/v1 has the modules of its weights now" in (told := capsys.readouterr().out)
    assert "; its chat templates now; commit it" in told
    whole["baseModels"][MODEL]["modules"] = right
    template = json.loads((folder / "tokenizer_config.json").read_text())["chat_template"]
    whole["baseModels"][MODEL]["templates"] = {"tokenizer_config.json: chat_template": {"text": template}}
    assert yaml.safe_load(file.read_text()) == whole
    before = file.read_bytes()
    assert main(["model", "publish", str(folder), *words]) == 0
    assert file.read_bytes() == before
    whole["baseModels"][MODEL]["modules"]["lm_head"] = "321x64"
    file.write_text(yaml.safe_dump(whole, sort_keys=False))
    capsys.readouterr()
    assert main(["model", "lint", str(folder), "--name", MODEL, "--catalog", str(catalog)]) == 1
    assert 'modules: lm_head: "320x64"; rule: the catalog\'s entry has other modules' in capsys.readouterr().out


def test_a_wrong_password_is_told_as_that_whatever_it_makes_of_the_key(tmp_path: Path) -> None:
    """Of some hundred wrong ones, one leaves a padding that looks right, and the library speaks of another fault."""
    signer = Signer(private_key=tools.keys(tmp_path, password=b"right").private)
    said = set()
    for number in range(600):
        with pytest.raises(FaultsError) as caught:
            public_key(signer, b"wrong%d" % number, source="signature", password_places="--password-file")
        said |= {fault.rule for fault in caught.value.faults}
    assert said == {"the password must be that of the key"}
