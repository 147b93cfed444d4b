"""Files are judged by their bytes: notes are text, vocabularies are such, and what stands for a file is named."""

from __future__ import annotations

import base64
import lzma
import pickle
from pathlib import Path

import pytest

from infra.catalog import Catalog
from ops.checks import check_artifact
from ops.checks.text_content import text_reason
from tests.support.artifacts import write_adapter
from tests.unit.support.spoiling import LooksDangerous, zipped

ADAPTER = "menu/v2026-06-01"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"


def piece(text: str) -> bytes:
    inner = b"\x0a" + bytes([len(text)]) + text.encode()
    return b"\x0a" + bytes([len(inner)]) + inner


SENTENCEPIECE = piece("<unk>") + piece("a") + b"\x12\x02\x08\x01\x1a\x00"
TIKTOKEN = b"".join(base64.b64encode(token) + b" %d\n" % number for number, token in enumerate((b"a", b"\xff", b"ab")))


def told(folder: Path, catalog: Catalog) -> str:
    return "\n".join(str(fault) for fault in check_artifact("adapter", ADAPTER, folder, catalog))


NOTES = {
    "a ZIP behind text and before a line": (b"# Model card\n" + zipped() + b"\n", "must be text"),
    "a pickle of protocol 0": (pickle.dumps(LooksDangerous(), 0), "read as a pickle (protocol 0) it imports something"),
    "an import": (b"cno_such_module\nno_such_name\n(tR.", "read as a pickle"),
    "a pickle that looks like weights": (b"\x80\x04N0N0N0{0" + pickle.dumps([1])[2:], "must be text"),
    "lzma": (lzma.compress(b"x", format=lzma.FORMAT_ALONE), "this is an lzma file"),
    "RAR": (b"Rar!\x1a\x07\x01\0xx", "this is a RAR archive"),
    "lz4": (b"\x04\x22\x4d\x18xx", "this is an lz4 file"),
    "CAB": (b"MSCFxxxx", "this is a CAB archive"),
    "PDF": (b"%PDF-1.7 ...", "this is a PDF file"),
    "WebAssembly": (b"\0asm\1\0\0\0", "a program (WebAssembly)"),
    "Mach-O": (b"\xcf\xfa\xed\xfexx", "a program (Mach-O)"),
    "compiled Python": (b"\xa7\r\r\n" + bytes(12) + b"\xe3", "must be text in UTF-8"),
    "a script behind a mark": (b"\xef\xbb\xbf#!/bin/sh\nid\n", "this is a script"),
    "an old tar": (b"a.pkl" + bytes(600), "it has the control character '\\x00'"),
    "escapes": (b"\x1b[2Jhello", "it has the control character '\\x1b'"),
    "C1": ("a\x9bb".encode(), "it has the control character '\\x9b'"),
    "Latin 1": ("caf\u00e9".encode("latin-1"), "must be text in UTF-8: it is not at byte 3"),
    "Git LFS": (LFS, "is a Git LFS pointer and not the file: fetch it"),
    "git-annex": (b"/annex/objects/SHA256E-s1--x", "is a git-annex pointer and not the file"),
    "Git LFS with a mark": (b"\xef\xbb\xbf" + LFS, "is a Git LFS pointer and not the file"),
    "Git LFS behind a line": (b"\n" + LFS, "is a Git LFS pointer and not the file"),
    "Git LFS with much behind it": (LFS + b"\n" * 5000, "is a Git LFS pointer and not the file"),
    "git-annex as a link": (b"../.git/annex/objects/a/b/SHA256E-s1--x\n", "is a git-annex pointer and not the file"),
    "DVC": (b"outs:\n- md5: a304afb96060aad90176268345e10355\n", "is a DVC pointer and not the file"),
}


@pytest.mark.parametrize("name", NOTES)
@pytest.mark.parametrize("file", ["README.md", "notes.txt", "LICENSE"])
def test_notes_are_text(name: str, file: str, tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    content, message = NOTES[name]
    (folder / file).write_bytes(content)
    assert message in told(folder, catalog)


@pytest.mark.parametrize(
    "text",
    [
        "# Menu\n\nCaf\u00e9, \u65e5\u672c\u8a9e, \U0001f600.\r\n\tTabs and a\fform feed.",
        "\ufeffWith a mark.",
        "copyright\nholders\n.\nAll rights reserved.",
        "c\n.",
        "I am.",
        "0.",
        "]\x2e",
    ],
)
def test_text_passes(text: str, tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / "README.md").write_bytes(text.encode())
    if text.startswith("copyright"):
        assert "read as a pickle" in told(folder, catalog), "a module and a name, to the end mark: no sentence is that"
    else:
        assert told(folder, catalog) == ""


@pytest.mark.parametrize("content", [SENTENCEPIECE, SENTENCEPIECE + b"\xc2\x0c\x01x", TIKTOKEN, TIKTOKEN.strip()])
def test_vocabularies_pass(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(content)
    assert text_reason(tmp_path / "tokenizer.model") is None


@pytest.mark.parametrize(
    "content",
    [
        SENTENCEPIECE[:-1] + b"\x05",
        SENTENCEPIECE + b"\x00",
        SENTENCEPIECE + b"\x32\x01x",
        b"\x12\x02\x08\x01",
        b"\x0a\xff\xff\xff\xff\xff\xff\x01",
        pickle.dumps(LooksDangerous(), 0),
        b"GGUF\3\0\0\0",
        b"YQ== x\n",
        b"not a vocabulary",
    ],
)
def test_what_is_no_vocabulary_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(content)
    assert text_reason(tmp_path / "tokenizer.model")


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "adapter_config.json", "tokenizer.model"])
def test_a_pointer_is_named_once_wherever_it_lies(file: str, tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / file).write_bytes(LFS)
    lines = [line for line in told(folder, catalog).splitlines() if line.startswith(f"{file}: ")]
    assert any("is a Git LFS pointer" in line for line in lines)
    assert not any("bytes, at most" in line for line in lines), "the pointer's first letters are no length"


def test_a_page_of_a_server_is_named(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / "adapter_model.safetensors").write_bytes(b"\n<!DOCTYPE html><html>404</html>")
    assert "this is a page of HTML or XML" in told(folder, catalog)


@pytest.mark.parametrize(
    "file",
    [
        *("config.json", "generation_config.json", "preprocessor_config.json", "params.json", "processor_config.json"),
        *("adapter_model.safetensors.index.json", "trainer_state.json"),
    ],
)
def test_settings_beside_an_adapter_are_refused(file: str, tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / file).write_text('{"auto_map": {"AutoConfig": "x--y"}}')
    assert f'{file}: "36 bytes"; rule: is no file of an adapter' in told(folder, catalog)


@pytest.mark.parametrize("file", ["bpe.codes.txt", "my-tokenizer_config.json", "qwen.tiktoken.txt", "a-vocab.txt"])
def test_tokenizers_are_known_by_any_part_of_the_name(file: str, tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / file).write_text("{}")
    assert f'{file}: "2 bytes"; rule: changes how prompts are read' in told(folder, catalog)


def test_an_accepted_tokenizer_names_no_code(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["x.Y", null]}}')
    (fault,) = check_artifact("adapter", ADAPTER, folder, catalog, own_tokenizer=True)
    assert "names code to run" in str(fault)


def test_named_templates_in_a_folder_are_told_what_to_do(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / "additional_chat_templates").mkdir()
    assert "put its templates into tokenizer_config.json" in told(folder, catalog)


@pytest.mark.parametrize("text", ["Entry not found", '{"error":"Repository not found"}', "Access to it is restricted."])
def test_what_a_server_said_in_place_of_weights_is_shown(text: str, tmp_path: Path, catalog: Catalog) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / "adapter_model.safetensors").write_text(text)
    assert f"this is a text that says {text!a}" in told(folder, catalog)
