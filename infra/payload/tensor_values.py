"""What values the matrices of a LoRA adapter have, seen while its file streams by.

One value that is no number spoils more than its own adapter: vLLM does not clear freed blocks of its cache, and the
next request in such a block, of the base model or of another tenant's adapter, reads what the first one left. So the
value is refused before the server sees the file. A pod has Python 3.9+ and no NumPy: most of the work is a slice of
each number's last byte, which holds its sign and most of its exponent, and a search in it; whole numbers are compared
only where that byte leaves a doubt.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

SERVED = ("bfloat16", "float16", "float32")
"""Data types in which servers compute."""

WIDTH = {"F32": 4, "F16": 2, "BF16": 2}
"""Data types of matrices that are looked at, with their bytes a number."""

MAX_HEADER_BYTES = 32 * 1024 * 1024
_PREFIX = 8
_FIRST = 4096
"""Last bytes in which a matrix of anything but zeros shows it most often."""

_BLOCK = 64 * 1024
"""Bytes that are looked at in one go: what is made of them stays in the processor's cache."""

_TOLD = 3
_OVERFLOW = {"float16": 65520.0, "bfloat16": 2.0**128 - 2.0**119, "float32": 2.0**128}
"""The smallest number that becomes infinite in the type, as IEEE 754 rounds: to the nearest, halves to even."""


_VANISHES = {"float16": 2.0**-25, "bfloat16": 2.0**-134, "float32": 2.0**-150}
"""The largest number that becomes zero in the type: half of its smallest one, and halves go to even."""


class ValuesError(Exception):
    """The file cannot be read as matrices."""


class Wrong:
    """A value that no server may load: in which tensor, what it is (`NaN`, `inf`, `3e+38`), and why it is refused."""

    def __init__(self, tensor: str, value: str, rule: str) -> None:
        """Keep the three."""
        self.tensor, self.value, self.rule = tensor, value, rule

    def __str__(self) -> str:
        """One line."""
        return f"tensor {self.tensor}: {self.value}; rule: {self.rule}"


class _Matrix:
    def __init__(self, name: str, dtype: str, begin: int, end: int) -> None:
        self.name, self.dtype, self.begin, self.end = name, dtype, begin, end
        self.width, self.rest, self.zero, self.wrong = WIDTH[dtype], b"", True, False
        self.limit, self.safe = 0, b""
        self.least, self.faint = 1, b""


class Values:
    """Looks at a safetensors file given in pieces by `update`, as a hash is; `served` is the server's data type.

    `scale` is lora_alpha / r (with rsLoRA, / sqrt(r)), by which vLLM multiplies each lora_B when it loads it. Largest
    value that passes: the square root of the type's largest, for beyond it the product of the two matrices overflows.
    """

    def __init__(self, served: str, scale: float = 1.0) -> None:
        """Nothing is read yet. Without a known `served` only what is wrong in each type is: NaN and infinity."""
        self._served, self._scale = served, scale
        self._head, self._size, self._position = b"", 0, 0
        self._matrices: list[_Matrix] | None = None
        self._at = 0
        self._limits: dict[tuple[str, float], tuple[int, int]] = {}
        self.wrong: list[Wrong] = []

    def update(self, piece: bytes) -> None:
        """The next bytes of the file; raise ValuesError when they are no safetensors file of known types."""
        if self._matrices is None:
            self._head += piece
            piece = self._read_head()
            if self._matrices is None:
                return
        self._data(piece)

    def finish(self) -> None:
        """No more bytes come; raise ValuesError when some are missing. Then `wrong` and `idle` are complete."""
        if self._matrices is None:
            raise ValuesError("ends within its header")
        if self._at < len(self._matrices):
            raise ValuesError(f"ends before tensor {_shown(self._matrices[self._at].name)} does")
        if self._position > max((matrix.end for matrix in self._matrices), default=0):
            raise ValuesError("has bytes behind its last tensor")
        pairs = self._pairs()
        if not pairs:
            raise ValuesError("has no matrix of a LoRA")
        if len(self.idle) == len(pairs) and not self.wrong:
            rule = (
                "a module whose lora_A or lora_B is all zeros changes nothing: this adapter answers as its base model"
                f"{f' in {self._served}, in which the server computes' if self._served in SERVED else ''}"
            )
            self.wrong.append(Wrong(self.idle[0], f"zero in all {len(pairs)} modules", rule))

    @property
    def idle(self) -> list[str]:
        """Modules that change nothing, because one of their two matrices is all zeros."""
        return sorted(name for name, zero in self._pairs().items() if zero)

    @property
    def blank(self) -> bool:
        """Whether every number is zero, of lora_A too: a file of shapes alone, which no training leaves."""
        return bool(self._matrices) and all(matrix.zero and not matrix.wrong for matrix in self._matrices or ())

    def _pairs(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for matrix in self._matrices or ():
            module = _module(matrix.name)
            if module is not None and matrix.end > matrix.begin:
                found[module] = found.get(module, False) or (matrix.zero and not matrix.wrong)
        return found

    def _read_head(self) -> bytes:
        """Read the header once it is there; return what of the data came with it."""
        if len(self._head) < _PREFIX:
            return b""
        length = int.from_bytes(self._head[:_PREFIX], "little")
        if length > MAX_HEADER_BYTES:
            raise ValuesError(f"says that its header has {length} bytes; at most {MAX_HEADER_BYTES} are read")
        if len(self._head) < _PREFIX + length:
            return b""
        self._matrices = [self._prepared(matrix) for matrix in _matrices(self._head[_PREFIX : _PREFIX + length])]
        piece, self._head = self._head[_PREFIX + length :], b""
        return piece

    def _prepared(self, matrix: _Matrix) -> _Matrix:
        """Set what the matrix is compared with: the bits of two numbers, and their last bytes."""
        scale = self._scale if "_B" in matrix.name and _module(matrix.name) else 1.0
        key = (matrix.dtype, scale)
        if key not in self._limits:
            most = math.sqrt(_OVERFLOW[self._served]) / max(scale, 1.0) if self._served in SERVED else math.inf
            none = _VANISHES.get(self._served, 0.0) / min(scale, 1.0)
            self._limits[key] = _pattern(matrix.dtype, most), _pattern(matrix.dtype, math.nextafter(none, math.inf))
        matrix.limit, matrix.least = self._limits[key]
        matrix.safe = bytes(byte for byte in range(256) if byte & 0x7F < matrix.limit >> 8 * (matrix.width - 1))
        matrix.faint = bytes(byte for byte in range(256) if byte & 0x7F <= matrix.least >> 8 * (matrix.width - 1))
        return matrix

    def _data(self, piece: bytes) -> None:
        matrices = self._matrices or []
        start = self._position
        self._position += len(piece)
        while self._at < len(matrices):
            matrix = matrices[self._at]
            if matrix.begin < self._position and matrix.end > start:
                first, last = max(matrix.begin, start), min(matrix.end, self._position)
                self._look(matrix, piece, first - start, last - start)
            if matrix.end > self._position:
                return
            self._at += 1

    def _look(self, matrix: _Matrix, piece: bytes, first: int, last: int) -> None:
        """Look at the matrix's bytes, which stand in the piece from `first` to before `last`: it is not copied."""
        if matrix.rest:  # a number that the end of the piece before has cut
            taken = min(matrix.width - len(matrix.rest), last - first)
            number, first = matrix.rest + piece[first : first + taken], first + taken
            matrix.rest = b"" if len(number) == matrix.width else number
            if not matrix.rest:
                self._numbers(matrix, number, 0, matrix.width)
        over = (last - first) % matrix.width
        for at in range(first, last - over, _BLOCK):
            self._numbers(matrix, piece, at, min(at + _BLOCK, last - over))
        matrix.rest += piece[last - over : last] if first < last else b""

    def _numbers(self, matrix: _Matrix, piece: bytes, first: int, last: int) -> None:
        ends = b"" if matrix.wrong else piece[first + matrix.width - 1 : last : matrix.width]
        if matrix.zero and ends:
            surely = ends[:_FIRST].translate(None, matrix.faint)
            matrix.zero = not surely and _first(piece[first:last], matrix.width, matrix.least) is None
        if ends.translate(None, matrix.safe):
            at = _first(piece[first:last], matrix.width, matrix.limit)
            if at is not None:
                matrix.wrong = True
                self._tell(matrix, _number(matrix.dtype, piece[first + at : first + at + matrix.width]))

    def _tell(self, matrix: _Matrix, value: float) -> None:
        if math.isfinite(value):
            most = math.sqrt(_OVERFLOW[self._served]) / (max(self._scale, 1.0) if "_B" in matrix.name else 1.0)
            rule = f"overflows {self._served}, in which the server computes: products of numbers from {most:.3g} on do"
        else:
            rule = "is no number: it spoils every answer of this adapter, and those of others in the same server"
        self.wrong.append(Wrong(_shown(matrix.name), "NaN" if math.isnan(value) else f"{value:g}", rule))


def lines(wrong: list[Wrong]) -> list[str]:
    """The first few of them, and how many more there are."""
    more = [f"and {len(wrong) - _TOLD} more tensors"] if len(wrong) > _TOLD else []
    return [*map(str, wrong[:_TOLD]), *more]


def scale_of(config: Any) -> float:
    """What vLLM multiplies lora_B by, out of an adapter_config.json; 1 where that cannot be told."""
    try:
        rank, alpha = config["r"], config["lora_alpha"]
        scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 1.0
    return scale if math.isfinite(scale) and scale > 0 else 1.0


def _matrices(header: bytes) -> list[_Matrix]:
    """The file's tensors in the order of their bytes."""
    try:
        data = json.loads(header)
        found = []
        for name, entry in data.items():
            if name == "__metadata__":
                continue
            dtype, (begin, end) = entry["dtype"], entry["data_offsets"]
            if dtype not in WIDTH:
                raise ValuesError(f"tensor {_shown(name)} has the type {str(dtype)[:20]}; known: {', '.join(WIDTH)}")
            if type(begin) is not int or type(end) is not int:
                raise ValuesError(f"tensor {_shown(name)} has data_offsets that are no whole numbers")
            found.append(_Matrix(name, dtype, begin, end))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValuesError(f"has no header of a safetensors file ({type(error).__name__})") from None
    found.sort(key=lambda matrix: (matrix.begin, matrix.end))
    position = 0
    for matrix in found:
        if matrix.begin != position or (matrix.end - matrix.begin) % matrix.width or matrix.end < matrix.begin:
            raise ValuesError(f"tensor {_shown(matrix.name)} does not begin where the one before ends")
        position = matrix.end
    return found


def _module(name: str) -> str | None:
    for word in (".lora_A.", ".lora_B."):
        if word in name:
            return name.rsplit(word, 1)[0]
    for word in (".lora_embedding_A", ".lora_embedding_B"):
        if name.endswith(word):
            return name[: -len(word)]
    return None


def _shown(name: str) -> str:
    return ascii(name[:160])[1:-1]


def _number(dtype: str, raw: bytes) -> float:
    if dtype == "F16":
        return float(struct.unpack("<e", raw)[0])
    return float(struct.unpack("<f", raw if dtype == "F32" else b"\0\0" + raw)[0])


def _pattern(dtype: str, least: float) -> int:
    """The bits of the smallest number of a type that is at least `least`: bits of positive numbers are in order."""
    width = WIDTH[dtype]
    low, high = 0, 0x7C00 if dtype == "F16" else 0x7F80 << (16 if dtype == "F32" else 0)  # 0, infinity
    while low < high:
        middle = (low + high) // 2
        if _number(dtype, middle.to_bytes(width, "little")) >= least:
            high = middle
        else:
            low = middle + 1
    return low


def _first(piece: bytes, width: int, least: int) -> int | None:
    """Where the first number stands whose bits, without the sign, are at least `least`; None where there is none.

    All numbers at once, as one large integer: adding what lacks to the sign's bit sets it in those that are large
    enough, and never reaches the next number.
    """
    count, bits = len(piece) // width, 8 * width

    def all_of(value: int) -> int:
        return int.from_bytes(value.to_bytes(width, "little") * count, "little")

    sign = 1 << (bits - 1)
    found = ((int.from_bytes(piece, "little") & all_of(sign - 1)) + all_of(sign - least)) & all_of(sign)
    return ((found & -found).bit_length() - 1) // bits * width if found else None
