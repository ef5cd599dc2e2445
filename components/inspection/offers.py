"""What the hub offers of a model, known before any of it is fetched: how large it is at least."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SINGLE: Final = "model.safetensors"
_SHARD: Final = re.compile(r"model-\d+-of-(\d+)\.safetensors")
_BYTES: Final = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"), 1),
}
"""What a number takes in a file, by the name that safetensors has for its format."""
_WIDEST: Final = 8


@dataclass(frozen=True)
class Offer:
    """The files of a repository that are wanted."""

    sizes: Mapping[str, int]
    """Bytes of each, by its name."""
    formats: tuple[str, ...] = ()
    """Those of the stored numbers, as the hub states them; empty if it does not."""

    @property
    def bytes(self) -> int:
        """What there is to fetch."""
        return sum(self.sizes.values())

    @property
    def fewest_numbers(self) -> int:
        """How many numbers are stored at least: as many as there were if all were of the widest
        format; 0 where it is not plain which files would be loaded.

        What a file says of itself, thousands of bytes beside millions, is counted as numbers."""
        widest = max((_BYTES.get(each, _WIDEST) for each in self.formats), default=_WIDEST)
        return self._weights // widest

    @property
    def _weights(self) -> int:
        """Bytes of the files that would be loaded: others may lie beside them."""
        if SINGLE in self.sizes:
            return self.sizes[SINGLE]
        sets: dict[str, int] = {}
        for name, size in self.sizes.items():
            shard = _SHARD.fullmatch(name)
            if shard:
                sets[shard[1]] = sets.get(shard[1], 0) + size
        return min(sets.values(), default=0)
