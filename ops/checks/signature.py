"""Whether one of an environment's signers has signed an artifact's files: the check that its pods make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.faults import MISSING, Fault
from infra.payload.signer_keys import SignatureError
from infra.payload.verify_signature import SIGNATURE, check
from infra.policy_settings import Signer
from ops.checks.files import Content

_EXAMPLE = "kitchen {} publish FOLDER --private-key FILE, with the key of a signer"


def signature_faults(
    folder: Path, content: Content, signers: Sequence[Signer], *, word: str = "adapter", fresh: bool = False
) -> Iterator[Fault]:
    """What is wrong with the signature of files that have been read; nothing where no signers are stated.

    `word` is the command's for the artifact. `fresh`: the signature comes in now, so a certificate must hold today.
    """
    if not signers:
        return
    names = ", ".join(signer.name for signer in signers)
    example = _EXAMPLE.format(word)
    if SIGNATURE not in content.sizes:
        rule = f"one of the signers must have signed the files: {names}"
        yield Fault(path=SIGNATURE, value=MISSING, rule=rule, example=example)
        return
    try:
        sums = content.sums.of_all(content.sizes.keys() - {SIGNATURE})
        signature = (folder / SIGNATURE).read_bytes()
    except OSError:
        return  # told already, by whoever read the folder
    try:
        check(signature, sums, [signer.as_pods_read_it() for signer in signers], fresh=fresh)
    except SignatureError as error:
        rule = f"must be a signature over these files by one of {names}: {error}"
        yield Fault(path=SIGNATURE, value=f"{content.sizes[SIGNATURE]} bytes", rule=rule, example=example)
