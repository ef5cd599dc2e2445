"""Tensors that say `cuda:0`, their numbers on the CPU; each operation is checked as CUDA checks it.

What CUDA refuses is refused in its words: two devices in one operation, a CPU index into a GPU's
tensor, a generator of another device, `.numpy()`, more than the memory holds. It tells nothing of
speed, of rounding, or of CUDA's own kernels.

To C++ the tensors are of the device type PrivateUse1, torch's slot for backends written in Python:
told to be CUDA's, a CPU build would look for CUDA streams as soon as autograd runs.
`gpu.pretended` registers what else it takes.
"""

import contextlib
import threading
import traceback
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

aten = torch.ops.aten
GPUS: "Gpus | None" = None
NAME = "pretended"

MIXED = "Expected all tensors to be on the same device, but found at least two devices, {} and {}!"
# Operations that take CPU tensors along, by CUDA's own rules.
_COPIES = {"aten::copy_", "aten::_to_copy", "aten::_copy_from", "aten::_copy_from_and_resize"}
_INDEXED = {
    "aten::index",
    "aten::index_put",
    "aten::index_put_",
    "aten::_index_put_impl_",
    "aten::_unsafe_index",
    "aten::_unsafe_index_put",
}
# Not tagged pointwise, though a CPU scalar (no dimension) is welcome.
_SCALAR_TOO = {
    "aten::where",
    "aten::masked_fill",
    "aten::masked_fill_",
    "aten::fill",
    "aten::fill_",
    "aten::lerp",
    "aten::clamp",
    "aten::isin",
    "aten::index_fill",
    "aten::index_fill_",
    "aten::full_like",
    "aten::pow",
}
_NO_CHECK = {"aten::set_", "aten::alias", "aten::detach", "aten::lift_fresh", "aten::lift"}


class Gpus:
    """What the pretended cards hold, and what crossed between them and the CPU."""

    def __init__(self, count: int, memory: int) -> None:
        self.count, self.memory = count, memory
        self.held: list[dict[int, tuple[StorageWeakRef, int]]] = [{} for _ in range(count)]
        self.peak = [0] * count
        self._sum = [0] * count
        self.current = 0
        self.worked: set[int] = set()
        self.copies_to_cpu: list[tuple[str, str]] = []
        self.lock = threading.RLock()

    def used(self, index: int) -> int:
        """Bytes in living storages."""
        with self.lock:
            held = self.held[index]
            for key in [key for key, (weak, _) in held.items() if weak.expired()]:
                del held[key]
            self._sum[index] = sum(size for _, size in held.values())
            return self._sum[index]

    def take(self, real: torch.Tensor, index: int) -> None:
        """Count the storage of `real`; refuse what does not fit as CUDA's allocator does."""
        storage = real.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        with self.lock:
            known = self.held[index].get(key)
            if known is not None and not known[0].expired() and known[1] == size:
                return
            if self._sum[index] + size > self.memory and self.used(index) + size > self.memory:
                raise torch.OutOfMemoryError(
                    f"CUDA out of memory. Tried to allocate {size / 2**20:.2f} MiB. GPU {index} "
                    f"has a total capacity of {self.memory / 2**20:.2f} MiB of which "
                    f"{(self.memory - self.used(index)) / 2**20:.2f} MiB is free."
                )
            self.held[index][key] = (StorageWeakRef(storage), size)
            self._sum[index] += size
            if self._sum[index] > self.peak[index]:
                self.peak[index] = max(self.peak[index], self.used(index))

    def note_copy(self, kind: str) -> None:
        """Remember which line of the product made the CPU wait for the GPU."""
        for frame in reversed(traceback.extract_stack(limit=60)):
            if "/components/" in frame.filename or "/tests/" in frame.filename:
                where = f"{frame.filename.split('/components/')[-1]}:{frame.lineno}"
                self.copies_to_cpu.append((kind, where))
                return


class PretendTensor(torch.Tensor):
    """Says cuda:N; its numbers are in `.plain`, on the CPU."""

    plain: torch.Tensor
    where_it_is: torch.device

    @staticmethod
    def __new__(
        cls, real: torch.Tensor, device: torch.device | None = None, requires_grad: bool = False
    ) -> Any:
        if device is None:  # accelerate: type(old_parameter)(new_value, requires_grad=...)
            return torch.nn.Parameter(real.detach(), requires_grad)
        assert type(real) is torch.Tensor and real.device.type == "cpu", (type(real), real.device)
        if GPUS is not None:
            GPUS.take(real, device.index)
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            real.size(),
            strides=real.stride(),
            storage_offset=real.storage_offset(),
            dtype=real.dtype,
            layout=real.layout,
            requires_grad=False,
            device=torch.device(NAME, device.index),
            storage_size=real.untyped_storage().nbytes(),
        )
        made.plain, made.where_it_is = real, device
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        """As CUDA says it."""
        return self.where_it_is

    is_cuda = property(lambda self: True)  # type: ignore[assignment]

    def get_device(self) -> int:
        return self.where_it_is.index

    def to(self, *args: Any, **kwargs: Any) -> torch.Tensor:  # type: ignore[override]
        copy = kwargs.pop("copy", False)
        device, dtype, non_blocking, layout = torch._C._nn._parse_to(*args, **kwargs)
        device = self.device if device is None else _with_index(device)
        dtype = dtype or self.dtype
        if device == self.device and dtype == self.dtype and not copy and layout is None:
            return self
        return aten._to_copy.default(
            self, dtype=dtype, device=device, non_blocking=non_blocking, memory_format=layout
        )

    def cuda(self, device: Any = None, non_blocking: bool = False, **_: Any) -> torch.Tensor:
        return self.to("cuda" if device is None else device, non_blocking=non_blocking)

    def __repr__(self, **_: Any) -> str:
        return f"{self.plain!r:.2000} on {self.device}"

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})

    # torch refuses these to subclasses before it looks at the device.
    def numpy(self, *, force: bool = False) -> Any:
        if not force:
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to "
                "copy the tensor to host memory first."
            )
        return self.detach().cpu().numpy()

    def tolist(self) -> Any:
        return self.detach().cpu().tolist()

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        made: torch.Tensor = PretendTensor(self.plain.clone(), self.device)
        if isinstance(self, torch.nn.Parameter):
            made = torch.nn.Parameter(made, self.requires_grad)
        memo[id(self)] = made.requires_grad_(self.requires_grad)
        return made

    def untyped_storage(self) -> Any:
        return self.plain.untyped_storage()

    def data_ptr(self) -> int:
        return self.plain.data_ptr()

    # Without these two torch takes the class for an opaque one: Module.to would copy tied weights.
    def __tensor_flatten__(self) -> Any:
        return ["plain"], self.device

    @staticmethod
    def __tensor_unflatten__(inner: Any, device: Any, size: Any, stride: Any) -> "PretendTensor":
        return PretendTensor(inner["plain"], device)

    @property
    def data(self) -> torch.Tensor:  # type: ignore[override]
        """As ever."""
        return self.detach()

    @data.setter
    def data(self, value: torch.Tensor) -> None:
        if not isinstance(value, PretendTensor):
            raise NotImplementedError("the double cannot move a tensor off the GPU by `.data = `")
        self.plain = value.plain
        torch.Tensor.data.__set__(self, value)  # type: ignore[attr-defined]


def _with_index(device: Any) -> torch.device:
    device = torch.device(device)
    if device.type in ("cuda", NAME):
        return torch.device("cuda", device.index or 0)
    return device


def _check(func: Any, args: Any, flat: list[Any]) -> torch.device | None:
    """Return the device of the result; raise what CUDA raises for devices that do not fit."""
    name = func._schema.name
    tensors = [each for each in flat if isinstance(each, torch.Tensor)]
    for each in flat:
        if (
            isinstance(each, torch.Generator)
            and each.device.type != "cuda"
            and any(isinstance(one, PretendTensor) for one in tensors)
        ):
            raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
    if not tensors:
        return None
    if name in _COPIES or name in _NO_CHECK:
        return tensors[0].device
    if name in _INDEXED:
        own = args[0].device
        for index in args[1]:
            if index is not None and index.device.type != "cpu" and index.device != own:
                raise RuntimeError(
                    "indices should be either on cpu or on the same device as the indexed tensor "
                    f"({own})"
                )
        if "put" in name and args[2].device != own and args[2].dim():
            raise RuntimeError(
                f"expected device {own} but got device {args[2].device} for value tensor"
            )
        return own
    scalars = torch.Tag.pointwise in func.tags or name in _SCALAR_TOO or "_foreach" in name
    written = _written(func, args)
    counted = [
        each
        for each in tensors
        if not (scalars and each.dim() == 0 and each.device.type == "cpu" and each is not written)
    ] or tensors
    for each in counted[1:]:
        if each.device != counted[0].device:
            found = sorted((str(counted[0].device), str(each.device)), reverse=True)
            raise RuntimeError(MIXED.format(*found) + f" (when checking arguments of {name})")
    return counted[0].device


def _written(func: Any, args: Any) -> Any:
    first = func._schema.arguments[0] if func._schema.arguments else None
    writes = first is not None and first.alias_info is not None and first.alias_info.is_write
    return args[0] if args and writes else None


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    flat, spec = tree_flatten((args, kwargs))
    to = _check(func, args, flat)
    asked = kwargs.get("device")
    if asked is not None:
        to = _with_index(asked)
    elif to is None:
        to = torch.device("cpu")
    name = func._schema.name
    if GPUS is not None and name == "aten::_local_scalar_dense":
        GPUS.note_copy("scalar")
    elif GPUS is not None and name == "aten::_to_copy" and to.type == "cpu":
        GPUS.note_copy("to cpu")
    elif name == "aten::copy_" and args[0].device.type == "cpu" and GPUS is not None:
        GPUS.note_copy("copy to cpu")
    if to.type == "cuda" and GPUS is not None and to.index >= GPUS.count:
        raise RuntimeError("CUDA error: invalid device ordinal")
    if to.type == "cuda" and GPUS is not None:
        GPUS.worked.add(to.index)
    real = [each.plain if isinstance(each, PretendTensor) else each for each in flat]
    real_args, real_kwargs = tree_unflatten(real, spec)
    if "device" in real_kwargs and real_kwargs["device"] is not None:
        real_kwargs["device"] = torch.device("cpu")
    if real_kwargs.get("pin_memory"):
        real_kwargs["pin_memory"] = False
    if to.type == "cuda" and name == "aten::histc" and not real_args[0].is_floating_point():
        # CUDA counts whole numbers, the CPU does not.
        out = func(real_args[0].float(), *real_args[1:], **real_kwargs).to(real_args[0].dtype)
    else:
        out = func(*real_args, **real_kwargs)
    if to.type != "cuda":
        # copy_ of a GPU tensor into a CPU tensor gives back that CPU tensor, here and always.
        return out
    # A view of an ordinary tensor stays ordinary in inference mode, as C++ wants it.
    view = any(one.alias_info and not one.alias_info.is_write for one in func._schema.returns)
    ordinary = view and torch.is_inference_mode_enabled() and not args[0].is_inference()
    with torch.inference_mode(False) if ordinary else contextlib.nullcontext():
        wrapped = tree_map(
            lambda one: PretendTensor(one, to) if type(one) is torch.Tensor else one, out
        )
    _follow_shapes(func, flat, args, kwargs)
    return _written_into(func, args, kwargs, wrapped)


def _follow_shapes(func: Any, flat: list[Any], args: Any, kwargs: Any) -> None:
    """Where an operation changed a tensor's shape in place, change the wrapper's too."""
    if torch.Tag.inplace_view in func.tags and not func._schema.name.endswith(("set_", "resize_")):
        with torch._C._DisableTorchDispatch():
            func(*args, **kwargs)
        return
    for each in flat:
        if isinstance(each, PretendTensor) and each.shape != each.plain.shape:
            with torch._C._DisableTorchDispatch():
                torch.Tensor.data.__set__(each, PretendTensor(each.plain, each.device))  # type: ignore[attr-defined]


def _written_into(func: Any, args: Any, kwargs: Any, wrapped: Any) -> Any:
    """Return the very tensors that were written to, where the operation says so."""
    given = {}
    for place, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[place] if place < len(args) else kwargs.get(argument.name)
            given |= dict.fromkeys(argument.alias_info.before_set, value)
    returns = func._schema.returns
    if not given or not returns:
        return wrapped
    several = wrapped if isinstance(wrapped, (tuple, list)) else (wrapped,)
    out = [
        given.get(next(iter(one.alias_info.before_set))) if one.alias_info is not None else value
        for one, value in zip(returns, several, strict=True)
    ]
    return out[0] if len(returns) == 1 else tuple(out)


def fallback(func: Any, *args: Any, **kwargs: Any) -> Any:
    """Whatever reaches the key CUDA: factories, and operations called with Python switched off."""
    if GPUS is None:
        raise NotImplementedError(f"Could not run '{func}' with arguments from the 'CUDA' backend.")
    return _run(func, args, kwargs)


# By name as well, since a fallback is not found inside torch.tensor() while a mode (such as
# a counter of operations) is on; and torch's own `copy_` would read the memory of the GPU.
KERNELS = {
    "copy_": aten.copy_.default,
    "empty.memory_format": aten.empty.memory_format,
    "empty_strided": aten.empty_strided.default,
}
