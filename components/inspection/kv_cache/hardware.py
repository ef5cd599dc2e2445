"""What a model is run on: GPUs, laptops, and the memory that torch finds on each."""

from dataclasses import dataclass
from typing import Final

SPARE: Final = 0.9
"""The share of what torch reports that a model can have: the libraries' own memory and the gaps
between tensors take the rest."""


@dataclass(frozen=True)
class Hardware:
    """One kind of device."""

    name: str
    memory: float
    """GiB, as torch reports it."""
    alone: bool = False
    """It is a laptop's: several do not work together."""

    @property
    def usable(self) -> float:
        """Bytes that a model can have."""
        return self.memory * 2**30 * SPARE


HARDWARE: Final = (
    Hardware("Mac, 8 GB", 5.33, alone=True),
    Hardware("RTX 3060 laptop", 5.80, alone=True),
    Hardware("RTX 4060 laptop", 7.75, alone=True),
    Hardware("Mac, 16 GB", 10.67, alone=True),
    Hardware("RTX 3060", 11.75),
    Hardware("T4", 14.75),
    Hardware("Mac, 32 GB", 21.33, alone=True),
    Hardware("L4", 22.03),
    Hardware("RTX 4090", 23.65),
    Hardware("RTX 5090", 31.37),
    Hardware("A100 40 GB", 39.39),
    Hardware("L40S", 44.42),
    Hardware("Mac, 64 GB", 48.0, alone=True),
    Hardware("Mac, 96 GB", 72.0, alone=True),
    Hardware("H100", 79.11),
    Hardware("A100 80 GB", 79.15),
    Hardware("H200", 139.80),
)
"""From the smallest to the largest. Of GPUs "GPU 0 has a total capacity of ..." in published
messages of torch, of several the smallest (drivers differ by a tenth or two; the driver has had its
part by then). Of a Mac, whose memory is shared with everything else that runs, what macOS
recommends at most for its GPU (`torch.mps.recommended_max_memory`, published as
recommendedMaxWorkingSetSize: 5,461, 10,923, 21,845, 49,152 and 73,728 MiB)."""


def offered(count: int) -> tuple[Hardware, ...]:
    """Return what can be had `count` times in one machine."""
    return tuple(each for each in HARDWARE if count == 1 or not each.alone)
