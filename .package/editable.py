"""The package in an editable installation, where the modules lie in the checkout as they are.

`transformer_vitrine.components` is a second name there of the checkout's `components`, so that no
module is imported twice.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import Any

try:
    from components.inspection import __all__ as __all__
    from components.inspection import __getattr__ as __getattr__
except ImportError as error:
    raise ImportError(
        "An editable installation of transformer-vitrine takes the package `components` of its "
        "checkout, and another one is found first. Start elsewhere, or install it without -e."
    ) from error


class _SecondNames(MetaPathFinder, InspectLoader):
    """Finds `transformer_vitrine.x` where `x` is."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith((f"{__name__}.components", f"{__name__}.pages")):
            return None
        first = find_spec(self._first(fullname))
        if first is None:
            return None
        package = first.submodule_search_locations is not None
        return ModuleSpec(fullname, self, origin=first.origin, is_package=package)

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(self._first(module.__name__))

    def get_code(self, fullname: str) -> CodeType | None:
        """Return what `python -m` runs."""
        first = find_spec(self._first(fullname))
        loader: Any = first and first.loader
        code: CodeType | None = loader.get_code(self._first(fullname))
        return code

    def get_source(self, fullname: str) -> str | None:
        return None

    @staticmethod
    def _first(fullname: str) -> str:
        return fullname.removeprefix(f"{__name__}.")


sys.meta_path.insert(0, _SecondNames())
