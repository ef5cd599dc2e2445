"""Pretend that this machine has CUDA GPUs, for a CPU build of torch.

    with pretend_gpus(count=1, memory=8 * 2**30) as gpus:
        model = load_model("storyteller", device="cuda", dtype="float32")
        assert gpus.copies_to_cpu  # what crossed over, and from which line

It needs no mode, so it holds in every thread and for every library alike. Registering cannot be
undone in a process, and does nothing outside of the `with`. It leans on private names of torch:
`SUPPORTED` says for which version they are right.
"""

import contextlib
import ctypes
import functools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from tests.gpu import tensors
from tests.gpu.tensors import KERNELS, NAME, Gpus, fallback

SUPPORTED = torch.__version__.startswith("2.13.") and not torch.backends.cuda.is_built()


class _CudaGuard(torch._C._acc.DeviceGuard):
    def type_(self) -> Any:
        return torch._C._autograd.DeviceType.CUDA


class _OwnGuard(torch._C._acc.DeviceGuard):
    def type_(self) -> Any:
        return torch._C._autograd.DeviceType.PrivateUse1


class _Hook(torch._C._acc.PrivateUse1Hooks):
    def is_available(self) -> bool:
        return tensors.GPUS is not None

    def has_primary_context(self, _device: int) -> bool:
        return True

    def is_built(self) -> bool:
        return True


class _Module:
    """torch.pretended, of which torch asks this much."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # It stays among `sys.modules`, where others look at modules' `__file__` and the like.
            raise AttributeError(name)
        answers = {
            "is_available": tensors.GPUS is not None,
            "is_initialized": True,
            "current_device": 0,
            "_is_in_bad_fork": False,
            "device_count": 1,
        }
        return lambda *_args, **_kwargs: answers.get(name)


_KEPT: list[Any] = []


def _register() -> None:
    """Once a process: it cannot be undone, and does nothing while no GPU is pretended."""
    if _KEPT:
        return
    kinds, guards = torch._C._autograd.DeviceType, (_CudaGuard(), _OwnGuard())
    library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libc10.so"))
    slots = (ctypes.c_void_p * 21).in_dll(library, "_ZN3c104impl26device_guard_impl_registryE")
    cuda, own = kinds.CUDA.value, kinds.PrivateUse1.value
    assert not slots[cuda] and not slots[own], "another backend is registered"
    torch._C._acc.register_python_privateuseone_device_guard(guards[0])
    slots[cuda] = slots[own]
    torch._C._acc.register_python_privateuseone_device_guard(guards[1])
    hook = _Hook()
    torch._C._acc.register_python_privateuseone_hook(hook)
    torch.utils.rename_privateuse1_backend(NAME)  # autograd takes streams of a named backend only
    torch._register_device_module(NAME, _Module())
    _KEPT.extend((guards, hook))
    for key in ("CUDA", "PrivateUse1"):
        every = torch.library.Library("_", "IMPL")
        every.fallback(fallback, key)
        named = torch.library.Library("aten", "IMPL")
        for name, func in KERNELS.items():
            named.impl(name, functools.partial(fallback, func), key)
        _KEPT.extend((every, named))


if SUPPORTED:
    # Autograd starts a thread for each device that it knows at the first backward pass of the
    # process, and none later: so before any test.
    _register()


class Event:
    """torch.cuda.Event, with its rules: both recorded, and waited for, before time is read."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False) -> None:
        self.timing, self.at, self.waited = enable_timing, None, False

    def record(self, stream: Any = None) -> None:
        self.at, self.waited = time.perf_counter(), False
        gpus = tensors.GPUS
        if gpus is None:
            return
        # It goes into the queue of the current GPU: of work on another it knows nothing.
        if gpus.worked and gpus.current not in gpus.worked:
            others = ", ".join(f"cuda:{n}" for n in sorted(gpus.worked))
            raise AssertionError(
                f"The event is in the queue of cuda:{gpus.current}, but the work ran on {others}: "
                "its time is not measured."
            )
        gpus.worked.clear()

    def synchronize(self) -> None:
        self.waited = True

    def query(self) -> bool:
        return self.waited

    def wait(self, stream: Any = None) -> None:
        pass

    def elapsed_time(self, end: "Event") -> float:
        if not (self.timing and end.timing):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if self.at is None or end.at is None:
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        if not end.waited:
            raise RuntimeError("CUDA error: device not ready")
        return (end.at - self.at) * 1e3


class Stream:
    """torch.cuda.Stream: everything is done in order here."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_kwargs: None

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: Any) -> None:
        pass


class _Properties:
    name, major, minor, multi_processor_count = "Pretended GPU", 9, 0, 100

    def __init__(self, total: int) -> None:
        self.total_memory = total


def _index(device: Any = None) -> int:
    if device is None:
        return 0
    if isinstance(device, int):
        return device
    return torch.device(device).index or 0


@contextlib.contextmanager
def _on(device: Any) -> Iterator[None]:
    """torch.cuda.device"""
    assert tensors.GPUS is not None
    before, tensors.GPUS.current = tensors.GPUS.current, _index(device)
    try:
        yield
    finally:
        tensors.GPUS.current = before


@contextlib.contextmanager
def pretend_gpus(count: int = 1, memory: int = 64 * 2**30) -> Iterator[Gpus]:
    """Let torch see `count` GPUs of `memory` bytes each."""
    if torch.backends.cuda.is_built():
        raise RuntimeError("This build of torch knows CUDA: use a real GPU.")
    _register()
    gpus = Gpus(count, memory)
    swap = torch.__future__.get_swap_module_params_on_conversion()

    def nothing(*_: Any, **__: Any) -> None:
        return None

    patches = {
        "is_available": lambda: True,
        "device_count": lambda: count,
        "current_device": lambda: gpus.current,
        "set_device": lambda device: setattr(gpus, "current", _index(device)),
        "_lazy_init": nothing,
        "synchronize": nothing,
        "empty_cache": nothing,
        "ipc_collect": nothing,
        "reset_peak_memory_stats": nothing,
        "get_device_name": lambda device=None: f"Pretended GPU {_index(device)}",
        "get_device_capability": lambda device=None: (9, 0),
        "get_device_properties": lambda device=None: _Properties(memory),
        "is_bf16_supported": lambda including_emulation=True: True,
        "mem_get_info": lambda device=None: (gpus.memory - gpus.used(_index(device)), gpus.memory),
        "memory_allocated": lambda device=None: gpus.used(_index(device)),
        "memory_reserved": lambda device=None: gpus.used(_index(device)),
        "max_memory_allocated": lambda device=None: gpus.peak[_index(device)],
        "Event": Event,
        "Stream": Stream,
        "stream": lambda stream: contextlib.nullcontext(),
        "current_stream": Stream,
        "default_stream": Stream,
        "manual_seed": nothing,
        "manual_seed_all": nothing,
        "device": _on,
    }
    with contextlib.ExitStack() as stack:
        for name, value in patches.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, value))
        stack.enter_context(mock.patch.object(torch, "Stream", Stream))
        # Without it Module.to would make two parameters of one tied weight.
        torch.__future__.set_swap_module_params_on_conversion(True)
        stack.callback(torch.__future__.set_swap_module_params_on_conversion, swap)
        before, tensors.GPUS = tensors.GPUS, gpus
        try:
            yield gpus
        finally:
            tensors.GPUS = before
