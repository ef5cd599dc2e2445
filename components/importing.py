"""Heavy libraries: imported once, by one thread, behind the first page.

Two threads that import transformers at once fail. So a thread of its own imports, from the first
page on, and whoever needs a library waits for it.
"""

import gc
import os
import sys
import threading
from typing import Final

OFTEN: Final = 0.0005
"""Seconds after which the importing thread hands the interpreter on."""
POLITE: Final = 10
"""How much lower its priority is (nice)."""
MANY_MODULES: Final = 200
"""So many new modules are worth telling the collector of."""

_ready = threading.Event()
_starting = threading.Lock()
_importing: list[threading.Thread] = []
_failed: list[Exception] = []
_frozen = 0
"""Modules that were there when the collector was last told to leave them alone."""


def import_libraries() -> None:
    """Wait until torch and transformers are imported, once in this process, by one thread."""
    warm_up()
    _ready.wait()
    if _failed:
        raise _failed[0]


def imported() -> bool:
    """Say whether the heavy libraries are there, so that a view can be imported at once."""
    return _ready.is_set()


def warm_up() -> None:
    """Start importing in the background, so that the first page need not wait for it."""
    with _starting:
        if not _importing:
            _importing.append(threading.Thread(target=_import, name="vitrine-imports", daemon=True))
            _importing[0].start()


def spare_modules() -> None:
    """Tell the collector to leave alone what was imported since it was last told.

    Streamlit collects garbage after each run; modules never become garbage, and looking through
    those of torch and transformers would cost 200 ms each time.
    """
    global _frozen
    if len(sys.modules) - _frozen > MANY_MODULES:
        _frozen = len(sys.modules)
        gc.freeze()


def _import() -> None:
    # The first page goes first: it is served by other threads, which get the interpreter sooner
    # when it is handed on more often, and the core sooner when this one asks for it politely.
    interval = sys.getswitchinterval()
    gc.disable()
    try:
        sys.setswitchinterval(OFTEN)
        if sys.platform == "linux":  # there a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), POLITE)
        import components.inspection.forward_pass
        import components.inspection.load  # noqa: F401
    except Exception as error:  # noqa: BLE001 (handed on to whoever waits)
        _failed.append(error)
    finally:
        sys.setswitchinterval(interval)
        spare_modules()
        gc.enable()
        _ready.set()
