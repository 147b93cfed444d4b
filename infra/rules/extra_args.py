"""Rules about further flags of the vLLM server: none that a setting owns, none that opens what must stay closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.flag_words import ENTRIES, FILE, REMOVED, VERSION, WORD, FlagWord, flag_word, nearest
from infra.rules.flag_values import value_fault
from infra.rules.flags import CLOSED, OWNED
from infra.rules.parallel_args import parallel_faults
from infra.runtime_settings import Runtime
from infra.settings import Kitchen, Settings
from infra.typed_flags import READERS

_SHAPE = "--async-scheduling, or --name=value"
_LIST = f"infra/catalog/{FILE.name}"


def extra_args_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Every entry is one flag that neither doubles nor contradicts what is set elsewhere."""
    for kitchen in settings.kitchens.values():
        yield from _faults(f"kitchens.{kitchen.name}.runtime.extraArgs", kitchen, catalog)


def _faults(path: str, kitchen: Kitchen, catalog: Catalog) -> Iterator[Fault]:
    entries = kitchen.runtime.extra_args
    image = catalog.images.get(kitchen.runtime.image)
    if kitchen.runtime.further_args and image is not None and image.version != VERSION:
        rule = f"image {image.name} has vLLM {image.version}, and {_LIST} knows the flags of {VERSION} alone"
        yield Fault(path=path, value=len(entries), rule=rule, example="an image of that version, or no extraArgs")
    words: list[FlagWord] = []
    for index, entry in enumerate(entries):
        shape = _shape_fault(f"{path}[{index}]", entry, entries[index - 1] if index else "")
        if shape is not None:
            yield shape
        else:
            words.append(flag_word(index, entry))
    times = Counter(word.name for word in words)
    for word in words:
        # Of a flag that would be read as a setting, and stands twice, that alone is told.
        if word.index not in kitchen.runtime.read_args and not (word.name in READERS and times[word.name] > 1):
            following = entries[word.index + 1] if word.index + 1 < len(entries) else "-"
            yield from _word_faults(f"{path}[{word.index}]", word, following)
    yield from _twice_faults(path, words)
    yield from _contradiction_faults(path, words, kitchen.runtime)
    yield from parallel_faults(path, words, kitchen.runtime)


def _shape_fault(where: str, entry: str, before: str) -> Fault | None:
    if WORD.fullmatch(entry) is None:
        if WORD.fullmatch(before) and "=" not in before and not entry.startswith("-"):
            # The value may be a secret that should not be here at all: it is not repeated.
            rule = "a flag and its value are one entry"
            return Fault(path=where, value=f"(after {before})", rule=rule, example=f"{before}=VALUE")
        rule = "must be --name or --name=value"
        return Fault(path=where, value=entry.partition("=")[0], rule=rule, example=_SHAPE)
    for mark, who in (("{{", "KServe"), ("$(", "Kubernetes")):
        if mark in entry:
            name, equals, _ = entry.partition("=")
            rule = f"{who} would read {mark} as a placeholder and change the value"
            return Fault(path=where, value=f"{name}=..." if equals else name, rule=rule, example=_SHAPE)
    return None


def _word_faults(where: str, word: FlagWord, following: str) -> Iterator[Fault]:
    """What is wrong with one flag by itself; the first thing that is wrong is told."""
    # argparse takes the beginning of a flag for the flag, so a beginning counts as well. What a setting owns is told
    # first: there the right place is known.
    # The contrary of what is closed opens nothing.
    closed = [] if word.negated else [name for name in word.names if name in CLOSED]
    reserved = [name for name in word.names if name in OWNED] or closed
    short = "" if not reserved or word.whole else f" (short for --{reserved[0]})"
    if not word.names:
        yield _stranger(where, word)
    elif reserved and reserved[0] in OWNED:
        setting = OWNED[reserved[0]]
        example = f"{setting}, without this flag"
        yield Fault(path=where, value=word.shown, rule=f"this is what {setting} says{short}", example=example)
    elif reserved:
        rule = f"{CLOSED[reserved[0]]}{short}"
        yield Fault(path=where, value=word.shown, rule=rule, example="without this flag")
    elif not (word.whole or word.short):
        meant = ", ".join(f"--{name}" for name in word.names)
        rule = f"is the beginning of {meant}: another vLLM may read another flag in it"
        yield Fault(path=where, value=word.shown, rule=rule, example="its whole name")
    else:
        yield from _value_faults(where, word, following)


def _stranger(where: str, word: FlagWord) -> Fault:
    gone = REMOVED.get(word.bare.removeprefix("no-"))
    if gone is not None:
        since = f" since {gone['gone']}" if "gone" in gone else ""
        instead = gone.get("instead", "nothing that is known")
        rule = f"vLLM {VERSION} has this flag no more{since}; in its place: {instead}"
        return Fault(path=where, value=word.shown, rule=rule, example="without this flag")
    like = nearest(word.bare)
    rule = f"vLLM {VERSION} has no such flag that {_LIST} knows" + (f"; the nearest is --{like}" if like else "")
    example = f"--{like}" if like else "its whole name, or without this flag"
    return Fault(path=where, value=word.shown, rule=rule, example=example)


def _value_faults(where: str, word: FlagWord, following: str) -> Iterator[Fault]:
    """A flag that may be given has a value where it takes one, and one that the list understands."""
    takes = ENTRIES[word.name].get("takes", "1")
    example = "without this flag"
    if takes == "0":
        if word.value is not None or word.key:
            rule = "takes no value: it is given or not"
            yield Fault(path=where, value=word.shown, rule=rule, example=f"--{word.name}")
    elif word.value is None:
        # A value in an entry of its own is told there.
        if takes != "?" and following.startswith("-"):
            rule = "takes a value, and none is given"
            yield Fault(path=where, value=word.shown, rule=rule, example=f"--{word.name}=VALUE")
    else:
        fault = value_fault(word.name, word.key, word.value)
        if fault:
            yield Fault(path=where, value=word.shown, rule=f"{fault}: {_LIST} says which are", example=example)


def _twice_faults(path: str, words: list[FlagWord]) -> Iterator[Fault]:
    """A flag that stands twice, however it is written; parts of one JSON value, --a.b --a.c, are no repetition."""
    for place, word in enumerate(words):
        earlier = next((one for one in words[:place] if one.name == word.name and _overlap(one.key, word.key)), None)
        if earlier is not None:
            rule = f"stands twice, first as {earlier.written}: the last one would count"
            yield Fault(path=f"{path}[{word.index}]", value=word.written, rule=rule, example="one of them")


def _overlap(one: str, other: str) -> bool:
    """Whether one key of a JSON value is, or holds, the other; `key+` adds an entry to a list."""
    if one == other:
        return not one.endswith("+")
    return not one or not other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _contradiction_faults(path: str, words: list[FlagWord], runtime: Runtime) -> Iterator[Fault]:
    by_name = {word.name: word for word in words}
    eager = by_name.get("enforce-eager")
    for name in ("compilation-config", "cudagraph-capture-sizes", "max-cudagraph-capture-size"):
        if eager is not None and not eager.negated and name in by_name:
            rule = f"contradicts {eager.written}: there are no CUDA graphs to set up"
            where = f"{path}[{by_name[name].index}]"
            yield Fault(path=where, value=by_name[name].written, rule=rule, example=eager.written)
    scales = by_name.get("calculate-kv-scales")
    if scales is not None and not scales.negated and not (runtime.kv_cache_dtype or "").startswith("fp8"):
        rule = "only an fp8 KV cache has scales"
        where = f"{path}[{scales.index}]"
        yield Fault(path=where, value=scales.written, rule=rule, example="kvCacheDtype: fp8 beside it")
