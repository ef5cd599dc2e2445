"""What is kept for later, within limits: results in bytes, models by use."""

import gc
import hashlib
import io
import pickle
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from components.turns import Turns, TurnsByKey

Key = TypeVar("Key")


def result_key(function: Callable[..., Any], inputs: tuple[Any, ...]) -> bytes:
    """Return a key for `function(*inputs)`: equal for equal plain values, in any process.

    Raises:
        TypeError: `function` is a lambda: two in one function would have one name.
    """
    if "<lambda>" in function.__qualname__:
        raise TypeError(
            f"{function.__module__}.{function.__qualname__} cannot be remembered, since any other "
            "lambda there has its name. Give it a name at the top of its module."
        )
    name = f"{function.__module__}.{function.__qualname__}".encode()
    pickled = io.BytesIO()
    pickler = pickle.Pickler(pickled, protocol=5)
    # Without references back: ("auto", "auto") is the same whether the two are one object or not.
    pickler.fast = True
    pickler.dump(inputs)
    return hashlib.sha256(name + b"\0" + pickled.getvalue()).digest()


class ResultCache:
    """Pickled results, the least recently used dropped first.

    Pickling counts the bytes exactly, and hands each reader a copy of their own.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most, self.most_bytes = most, most_bytes
        self._pickles: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: bytes) -> tuple[bool, Any]:
        """Return (True, result), or (False, None) where it is not kept."""
        with self._lock:
            pickled = self._pickles.get(key)
            if pickled is None:
                return False, None
            self._pickles.move_to_end(key)
        return True, pickle.loads(pickled)

    def put(self, key: bytes, result: Any) -> None:
        """Keep `result`, unless it alone would take a third of the room."""
        pickled = pickle.dumps(result, protocol=5)
        if len(pickled) > self.most_bytes // 3:
            return
        with self._lock:
            self._bytes += len(pickled) - len(self._pickles.pop(key, b""))
            self._pickles[key] = pickled
            while len(self._pickles) > self.most or self._bytes > self.most_bytes:
                _, dropped = self._pickles.popitem(last=False)
                self._bytes -= len(dropped)

    @property
    def size(self) -> tuple[int, int]:
        """Entries and bytes held."""
        with self._lock:
            return len(self._pickles), self._bytes

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._pickles.clear()
            self._bytes = 0


class ModelCache(Generic[Key]):
    """Loaded models, each with the turns of its readers."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._models: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._turns: TurnsByKey[Key] = TurnsByKey()
        self._loading: TurnsByKey[Key] = TurnsByKey()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Any | None:
        """Return the model, now the most recently used, or None."""
        with self._lock:
            if key not in self._models:
                return None
            self._models.move_to_end(key)
            return self._models[key][0]

    def put(self, key: Key, model: Any, size: int) -> None:
        """Keep a model of `size` bytes."""
        with self._lock:
            self._models[key] = (model, size)

    def turn(self, key: Key) -> Turns:
        """Return the turns of those who run the model."""
        return self._turns.of(key)

    def loading(self, key: Key) -> Turns:
        """Return the turns of those who load the model."""
        return self._loading.of(key)

    def trim(self, most_bytes: int) -> int:
        """Drop the least recently used until count and bytes are within limits.

        The most recent model and those in somebody's turn stay. Returns how many went.
        """
        return self._drop(lambda count, size: count > self.most or size > most_bytes, spare=1)

    def clear(self) -> int:
        """Drop every model that is in nobody's turn; return how many went."""
        return self._drop(lambda _count, _size: True, spare=0)

    def _drop(self, unwanted: Callable[[int, int], bool], spare: int) -> int:
        dropped = 0
        with self._lock:
            for key in list(self._models)[: len(self._models) - spare]:
                total = sum(size for _, size in self._models.values())
                if not unwanted(len(self._models), total) or self._turns.of(key).locked():
                    continue
                del self._models[key]
                dropped += 1
        if dropped:
            _give_back_memory()
        return dropped

    def __len__(self) -> int:
        with self._lock:
            return len(self._models)


def _give_back_memory() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
