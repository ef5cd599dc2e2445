"""Devices: which there are, how much memory they have free, and what is said when it runs out."""

import gc
from typing import Final

import psutil
import torch

from components.inspection.errors import InspectionError

DTYPES: Final = ("float32", "bfloat16", "float16")
_OF_THE_CPU: Final = "can't allocate memory"
"""How torch says it of main memory, in a plain RuntimeError."""


class NoRoomError(InspectionError):
    """What was asked for does not fit into the free memory."""


def chosen_device(device: str = "auto") -> str:
    """Return the torch device that "auto" stands for here, or `device` itself if it exists.

    One GPU has one name: "cuda" is "cuda:0" where there is no other; where there are several, it
    means all of them.

    Raises:
        InspectionError: this machine has no such device.
    """
    if device == "auto":
        if not torch.cuda.is_available():
            return "mps" if torch.backends.mps.is_available() else "cpu"
        device = "cuda"
    if device == "cuda" and torch.cuda.is_available() and torch.cuda.device_count() == 1:
        return "cuda:0"
    there = ["cpu"]
    if torch.cuda.is_available():
        there += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    there += ["mps"] if torch.backends.mps.is_available() else []
    if device not in there:
        raise InspectionError(f"This machine has no device '{device}'; it has: {', '.join(there)}.")
    return device


def chosen_dtype(dtype: str, device: str) -> str:
    """Return the number format that "auto" stands for on `device`, or `dtype` itself.

    Raises:
        InspectionError: there is no such format.
    """
    if dtype == "auto":
        if not device.startswith("cuda"):
            return "float32"
        # Cards before Ampere (T4, V100) only pretend to compute in bfloat16, and slowly.
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if native else "float16"
    if dtype not in DTYPES:
        raise InspectionError(f"There is no dtype '{dtype}'; there is: {', '.join(DTYPES)}.")
    return dtype


def memory(device: str) -> tuple[int, int]:
    """Return free and total bytes of `device`; "cuda" without a number means all GPUs.

    What torch keeps on a GPU for later use of its own is given back first: it could be had.
    """
    if not device.startswith("cuda"):
        main = psutil.virtual_memory()
        return main.available, main.total
    torch.cuda.empty_cache()
    devices = [device] if ":" in device else range(torch.cuda.device_count())
    free, total = zip(*(torch.cuda.mem_get_info(one) for one in devices), strict=True)
    return sum(free), sum(total)


def give_back() -> None:
    """Return to the devices what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def ran_out(error: BaseException) -> bool:
    """Say whether `error` is that memory has run out, of a GPU's or of the machine's."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and _OF_THE_CPU in str(error)
    )


def no_room(device: str) -> NoRoomError:
    """Return what the reader is told when memory runs out while something is computed."""
    free, total = memory(device)
    return NoRoomError(
        f"Memory ran out: of {total / 1e9:.1f} GB of {device}, {free / 1e9:.1f} GB are free now, "
        "and this takes more. Shorten the text, choose bfloat16 or float16, or choose a smaller "
        "model. What you wrote is still here."
    )
