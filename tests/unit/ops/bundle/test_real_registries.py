"""Images from one real registry into another, with TLS and passwords: every form, byte for byte, and what is signed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.support import image_forms as forms
from tests.support.image_registry import PASSWORD, ImageRegistry, ReferrersRegistry
from tests.support.signed_images import put_referrers, signed
from tests.unit.support.bringing import bring, create


@pytest.mark.parametrize("form", forms.FORMS)
def test_every_form_comes_through_byte_for_byte(
    form: str, outside: ImageRegistry, inside: ImageRegistry, repository: str, tmp_path: Path
) -> None:
    layout = forms.Layout(tmp_path / "seed")
    digest = layout.add(forms.FORMS[form](layout), "v1")
    outside.put_layout(layout.root, repository)
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 0
    assert main(["bundle", "verify", str(tmp_path / "bundle"), "--unsigned"]) == 0
    assert bring(tmp_path, inside.host) == 0
    assert inside.manifest(repository, digest) == outside.manifest(repository, digest)
    assert inside.tree(repository, digest) == outside.tree(repository, digest)


def test_an_archive_s_images_are_pushed_from_where_they_lie(
    outside: ImageRegistry, inside: ImageRegistry, repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = forms.Layout(tmp_path / "seed")
    digest = layout.add(forms.index(layout, *forms.both(layout)), "v1")
    outside.put_layout(layout.root, repository)
    archive = str(tmp_path / "bundle.tar")
    assert create(tmp_path, f"{outside.host}/{repository}", digest, "--archive", archive, repository=repository) == 0
    capsys.readouterr()
    assert bring(tmp_path, inside.host, "--json", bundle="bundle.tar") == 0
    out, errors = capsys.readouterr()
    assert json.loads(out)["images"] == [f"{inside.host}/{repository}@{digest}"]
    assert inside.tree(repository, digest) == outside.tree(repository, digest)
    assert not list(tmp_path.glob("*.partial*"))
    assert PASSWORD not in out + errors
    entry = f"    repository: {repository}\n    digest: {digest}\n"
    assert entry in (tmp_path / "catalog" / "images.yaml").read_text()


def test_signatures_travel_by_tag_and_as_referrers(
    outside: ImageRegistry, inside: ImageRegistry, repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = forms.Layout(tmp_path / "seed")
    digest, attached = signed(layout)
    outside.put_layout(layout.root, repository)
    put_referrers(outside, layout.root, repository)
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 0
    told = capsys.readouterr().err
    assert "images/tool: what is signed or said about it comes along: 3 by referrer, 3 by tag" in told
    assert "images/tool: the closed registry must hold manifests of any artifact type" in told
    manifest = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    listed = manifest["artifacts"][0]["image"]["attached"]
    assert sorted(entry["digest"] for entry in listed) == sorted(attached.values())
    assert {entry.get("tag") for entry in listed} - {None} == {name for name in attached if name.startswith("sha256-")}
    assert {entry.get("artifactType") for entry in listed if entry["by"] == "referrer"} == {
        forms.SIGSTORE,
        "application/spdx+json",
    }
    assert main(["bundle", "verify", str(tmp_path / "bundle"), "--unsigned", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["artifacts"][0]["attached"] == listed
    assert bring(tmp_path, inside.host) == 0
    assert (
        "the registry has no API of referrers: what refers to the image is listed by a tag" in capsys.readouterr().err
    )
    for name, found in attached.items():
        assert inside.tree(repository, found) == outside.tree(repository, found)
        if name.startswith("sha256-"):
            assert inside.manifest(repository, name) == outside.manifest(repository, name)
    for subject in (digest, *(e["of"] for e in listed if e["by"] == "referrer")):
        names = [
            {entry["digest"] for entry in json.loads(found[1])["manifests"]}
            for registry in (outside, inside)
            for found in [registry.manifest(repository, subject.replace(":", "-"))]
            if found is not None
        ]
        assert len(names) == 2
        assert names[0] == names[1]
    assert bring(tmp_path, inside.host) == 0, "a second import finds all of it there"


def test_a_signature_that_is_there_and_not_listed_is_listed(
    outside: ImageRegistry, inside: ImageRegistry, repository: str, tmp_path: Path
) -> None:
    """An import was killed between the manifest and the list that a client writes."""
    layout = forms.Layout(tmp_path / "seed")
    root = forms.index(layout, *forms.both(layout))
    digest = layout.add(root, "v1")
    signature = layout.add(forms.artifact(layout, forms.SIGSTORE, b"{}", root))
    outside.put_layout(layout.root, repository)
    put_referrers(outside, layout.root, repository)
    inside.put_layout(layout.root, repository)
    tag = digest.replace(":", "-")
    assert inside.manifest(repository, tag) is None
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 0
    assert bring(tmp_path, inside.host) == 0
    found = inside.manifest(repository, tag)
    assert found is not None
    assert [entry["digest"] for entry in json.loads(found[1])["manifests"]] == [signature]


def test_a_registry_with_the_api_of_referrers(
    outside: ImageRegistry, tmp_path: Path, repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Referrers go into it, are listed by it, and come out of it again."""
    layout = forms.Layout(tmp_path / "seed")
    digest, attached = signed(layout)
    outside.put_layout(layout.root, repository)
    put_referrers(outside, layout.root, repository)
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 0
    with ReferrersRegistry() as api:
        capsys.readouterr()
        assert bring(tmp_path, api.host) == 0
        assert "listed by a tag" not in capsys.readouterr().err
        listed = json.loads(api.get(f"/v2/{repository}/referrers/{digest}")[1])["manifests"]
        assert [entry["digest"] for entry in listed] == [attached["signature"]]
        assert api.get(f"/v2/{repository}/manifests/{digest.replace(':', '-')}")[0] == 404, "no list by a tag there"
        again = tmp_path / "again"
        again.mkdir()
        assert create(again, f"{api.host}/{repository}", digest, repository=repository) == 0
    assert (again / "bundle" / "bundle.json").read_text().replace(api.host, outside.host) == (
        tmp_path / "bundle" / "bundle.json"
    ).read_text()


@pytest.mark.parametrize("tool", ["oras", "regctl"])
def test_layouts_as_other_tools_write_them(tool: str, inside: ImageRegistry, repository: str, tmp_path: Path) -> None:
    """oras lists children and referrers without names; regctl lists referrers in an index of the subject's tag."""
    layout = forms.Layout(tmp_path / "empty" / "images" / "tool")
    platforms = forms.both(layout)
    root = forms.index(layout, *platforms)
    signature = forms.artifact(layout, forms.SIGSTORE, b"{}", root)
    if tool == "oras":
        for entry in (*platforms, signature):
            layout.add(entry)
    else:
        listed = {"schemaVersion": 2, "mediaType": forms.OCI_INDEX, "manifests": [signature]}
        layout.add(layout.json(listed, forms.OCI_INDEX), root["digest"].replace(":", "-"))
    digest = layout.add(root, "v1")
    assert create(tmp_path, "docker.io/example/tool", digest, repository=repository) == 0
    assert main(["bundle", "verify", str(tmp_path / "bundle"), "--unsigned"]) == 0
    assert bring(tmp_path, inside.host) == 0
    assert inside.tree(repository, signature["digest"])
    found = inside.manifest(repository, digest.replace(":", "-"))
    assert found is not None
    assert [entry["digest"] for entry in json.loads(found[1])["manifests"]] == [signature["digest"]]
