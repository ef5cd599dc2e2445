"""Heavy libraries come once, by a thread of their own, and leave the process as it was."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(code: str) -> list[str]:
    """Run `code` in a process of its own; return the lines it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_libraries_are_there_and_the_process_is_as_it_was():
    said = run("""
import gc, os, sys, threading
from components import importing
interval, priority = sys.getswitchinterval(), os.getpriority(os.PRIO_PROCESS, 0)
importing.warm_up(); importing.warm_up()
print(importing.imported(), sum(t.name == "vitrine-imports" for t in threading.enumerate()))
others = [threading.Thread(target=importing.import_libraries) for _ in range(4)]
[t.start() for t in others]; [t.join() for t in others]
print(importing.imported(), "transformers" in sys.modules, gc.isenabled())
print(sys.getswitchinterval() == interval, os.getpriority(os.PRIO_PROCESS, 0) == priority)
print(gc.get_freeze_count() > 100_000)
""")
    assert said == ["False 1", "True True True", "True True", "True"]


def test_a_library_that_cannot_be_imported_is_told_to_all_who_wait():
    said = run("""
import sys, threading
sys.modules["transformers"] = None
from components import importing
told = []
def wait():
    try:
        importing.import_libraries()
    except ImportError as error:
        told.append(f"told {error.name}")
others = [threading.Thread(target=wait) for _ in range(2)]
[t.start() for t in others]; [t.join() for t in others]
wait()
print("\\n".join(told))
""")
    assert said == ["told transformers"] * 3


@pytest.mark.parametrize("many", [1, 300])
def test_late_imports_are_spared_too_if_they_are_many(many):
    said = run(f"""
import gc, sys, types
from components import importing
importing.spare_modules()
before = gc.get_freeze_count()
for number in range({many}):
    sys.modules[f"late{{number}}"] = types.ModuleType("late")
importing.spare_modules()
print(gc.get_freeze_count() > before)
""")
    assert said == [str(many > 200)]
