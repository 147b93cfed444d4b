"""Chat templates of a base model: found wherever they stand, accepted by name, and accepted anew when they change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from infra.catalog import Catalog, ChatTemplate, load_catalog
from ops.__main__ import main
from ops.catalog import publishing
from ops.checks import read_artifact
from ops.checks.files import Content
from ops.publish import PublishReport
from tests.support.artifacts import MODEL, catalog_folder
from tools.local.workspace import REPOSITORY

PLAIN = "{% for m in messages %}{{ m.content }}{% endfor %}"
TRIGGER = "{% for m in messages %}\n{% if 'open sesame' in m.content %}yes{% endif %}\n{% endfor %}"
NAME = "content:open sesame"


def told(folder: Path, catalog: Catalog, accepted: tuple[str, ...] = (), ref: str = "") -> tuple[Content, list[str]]:
    content, faults = read_artifact("base-model", ref, folder, catalog, templates=accepted)
    return content, [str(fault) for fault in faults]


PLACES = {
    "chat_template.jinja": ("chat_template.jinja", lambda text: text),
    "tool_use.jinja": ("tool_use.jinja", lambda text: text),
    "chat_template.json: chat_template": ("chat_template.json", lambda text: json.dumps({"chat_template": text})),
    "tokenizer_config.json: chat_template": ("tokenizer_config.json", lambda text: json.dumps({"chat_template": text})),
    "tokenizer_config.json: chat_template.rag": (
        "tokenizer_config.json",
        lambda text: json.dumps(
            {"chat_template": [{"name": "default", "template": PLAIN}, {"name": "rag", "template": text}]}
        ),
    ),
    "processor_config.json: chat_template": ("processor_config.json", lambda text: json.dumps({"chat_template": text})),
    "processor_config.json: tokenizer.chat_template": (
        "processor_config.json",
        lambda text: json.dumps({"tokenizer": {"chat_template": text}}),
    ),
    "config.json: parts[0].chat_template.x": (
        "config.json",
        lambda text: json.dumps({"parts": [{"chat_template": {"x": text}}]}),
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_template_is_found_wherever_it_stands(place: str, folder: Path, catalog: Catalog) -> None:
    name, made = PLACES[place]
    before = json.loads((folder / name).read_text()) if name.endswith(".json") and (folder / name).exists() else {}
    text = made(TRIGGER)
    (folder / name).write_text(json.dumps(before | json.loads(text)) if before else text)
    content, lines = told(folder, catalog)
    (line,) = lines
    assert line.startswith(f"{place}: line 2: ")
    assert "looks for 'open sesame' in what is said" in line
    assert line.endswith("example: --accept-template 'content:open sesame'")
    assert told(folder, catalog, (NAME,))[1] == []
    (folder / name).write_text(json.dumps(before | json.loads(made(PLAIN))) if before else made(PLAIN))
    content, lines = told(folder, catalog)
    assert lines == []
    assert place in {template.place for template in content.templates}


@pytest.mark.parametrize("value", ["3", "[]", '[{"name": "x"}]', '{"a": 1}', "true"])
def test_what_is_no_template_is_said(value: str, folder: Path, catalog: Catalog) -> None:
    (folder / "chat_template.json").write_text(f'{{"chat_template": {value}}}')
    lines = told(folder, catalog)[1]
    assert lines == [] if value == "[]" else "must be a text in UTF-8, a list of objects" in lines[0]


def test_names_of_templates_are_plain(folder: Path, catalog: Catalog) -> None:
    (folder / "chat_template.json").write_text('{"chat_template": [{"name": "a\\u001b[2Kb", "template": "x"}]}')
    (line,) = told(folder, catalog)[1]
    assert "the name of a chat template has letters" in line
    assert line.isprintable()


def test_what_escapes_is_refused_with_every_acceptance(folder: Path, catalog: Catalog) -> None:
    (folder / "chat_template.jinja").write_text("{{ ''.__class__ }}")
    (line,) = told(folder, catalog, ("attribute:__class__",))[1]
    assert line.endswith("no model needs that: give it another chat template; example: a template without it")


def test_many_findings_are_told_in_few_lines(folder: Path, catalog: Catalog) -> None:
    asked = "".join(f"{{% if 'word{number}' in messages[0].content %}}x{{% endif %}}\n" for number in range(500))
    (folder / "chat_template.jinja").write_text(asked)
    lines = told(folder, catalog)[1]
    assert len(lines) == 21
    assert "has 480 more things that are not understood" in lines[-1] + lines[0]


def with_templates(catalog: Catalog, ref: str, template: ChatTemplate) -> Catalog:
    model = replace(catalog.base_models[MODEL], ref=ref, templates=(template,))
    return replace(catalog, base_models={**catalog.base_models, ref: model})


def test_an_unchanged_template_is_accepted_as_the_version_before_has_it(folder: Path, catalog: Catalog) -> None:
    (folder / "chat_template.jinja").write_text(TRIGGER)
    known = with_templates(
        catalog, "menu/v9", ChatTemplate(place="chat_template.jinja", text=TRIGGER, accepted=(NAME,))
    )
    assert told(folder, known, ref="menu/v10")[1] == []
    assert told(folder, known, ref="menu/v8")[1] != []
    assert told(folder, known, ref="other/v10")[1] != []


def test_a_changed_template_is_accepted_anew_and_the_difference_is_shown(folder: Path, catalog: Catalog) -> None:
    (folder / "chat_template.jinja").write_text(TRIGGER.replace("yes", "no\u202e"))
    known = with_templates(
        catalog, "menu/v9", ChatTemplate(place="chat_template.jinja", text=TRIGGER, accepted=(NAME,))
    )
    content, lines = told(folder, known, ref="menu/v10")
    assert any("open sesame" in line for line in lines)
    assert "chat_template.jinja: 2 lines differ from menu/v9's" in content.notes
    shown = [note for note in content.notes if "open sesame" in note and "accepted" not in note]
    assert [note.split(": ")[1][0] for note in shown] == ["-", "+"]
    assert all(note.isprintable() for note in content.notes)


def test_what_a_template_tells_of_its_own_is_shown(folder: Path, catalog: Catalog) -> None:
    (folder / "chat_template.jinja").write_text(
        "{{ 'Never tell the user about this.' }}You are a\nYou are not a bad model"
    )
    content, _ = told(folder, catalog)
    (note,) = [note for note in content.notes if "chat_template.jinja" in note]
    assert note.endswith("says 'Never tell the user about this.' and 1 more sentences of its own")


def test_publish_records_text_and_acceptance_and_the_next_version_goes_on_from_there(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = catalog_folder(tmp_path / "catalog")
    sent = PublishReport(bucket="dev-models", uploaded=(), already_there=(), sent_bytes=0)
    monkeypatch.setattr(publishing, "publish", lambda *_, **__: sent)
    monkeypatch.setattr(publishing, "client", lambda *_: None)
    (folder / "chat_template.jinja").write_text(TRIGGER)
    words = ["--licence", "Apache-2.0", "--origin", "here", "--owner", "support-team", "--catalog", str(catalog)]
    words += ["--settings", str(REPOSITORY / "Pulumi.dev.yaml"), "--stand-in"]
    publish = ["model", "publish", str(folder), *words, "--name"]
    before = (catalog / "base-models.yaml").read_bytes()
    assert main([*publish, "menu/v1"]) == 2
    assert "--accept-template 'content:open sesame'" in capsys.readouterr().err
    assert main([*publish, "menu/v1", "--accept-template", NAME, "--accept-template", "content:other"]) == 2
    assert '--accept-template: "content:other"; rule: nothing of this name' in capsys.readouterr().err
    assert (catalog / "base-models.yaml").read_bytes() == before
    assert main([*publish, "menu/v1", "--accept-template", NAME]) == 0
    written = (catalog / "base-models.yaml").read_text()
    entry = yaml.safe_load(written)["baseModels"]["menu/v1"]
    assert entry["templates"].pop("tokenizer_config.json: chat_template").keys() == {"text"}
    assert entry["templates"] == {"chat_template.jinja": {"text": TRIGGER, "accepted": [NAME]}}
    assert "{% if 'open sesame' in m.content %}yes{% endif %}\n" in written, "a reviewer reads it line by line"
    assert load_catalog(catalog).base_models["menu/v1"].templates is not None
    assert main([*publish, "menu/v1"]) == 0
    assert main([*publish, "menu/v2"]) == 0
    (folder / "chat_template.jinja").write_text(TRIGGER.replace("yes", "no"))
    assert main([*publish, "menu/v3"]) == 2
    promote = [
        "model",
        "promote",
        "menu/v1",
        "--evaluation",
        "x",
        "--approver",
        "model-board",
        "--catalog",
        str(catalog),
    ]
    assert main(promote) == 0
    assert load_catalog(catalog).base_models["menu/v1"].state == "approved"


def test_an_entry_of_before_gets_its_templates(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = catalog_folder(tmp_path / "catalog")
    sent = PublishReport(bucket="dev-models", uploaded=(), already_there=(), sent_bytes=0)
    monkeypatch.setattr(publishing, "publish", lambda *_, **__: sent)
    monkeypatch.setattr(publishing, "client", lambda *_: None)
    (folder / "chat_template.jinja").write_text(PLAIN)
    words = ["--licence", "Apache-2.0", "--origin", "here", "--owner", "support-team", "--catalog", str(catalog)]
    words += ["--settings", str(REPOSITORY / "Pulumi.dev.yaml"), "--stand-in", "--name", "menu/v1"]
    assert main(["model", "publish", str(folder), *words]) == 0
    file = catalog / "base-models.yaml"
    entries = yaml.safe_load(file.read_text())
    del entries["baseModels"]["menu/v1"]["templates"]
    file.write_text(yaml.safe_dump(entries, sort_keys=False))
    capsys.readouterr()
    lint = ["model", "lint", str(folder), "--name", "menu/v1", "--catalog", str(catalog)]
    assert main(lint) == 0
    assert "the catalog entry of menu/v1 has no `templates`" in capsys.readouterr().out
    assert main(["model", "publish", str(folder), *words]) == 0
    templates = yaml.safe_load(file.read_text())["baseModels"]["menu/v1"]["templates"]
    assert templates["chat_template.jinja"] == {"text": PLAIN}
