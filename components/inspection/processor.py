"""What computes here, by name: a time means nothing without it. No torch is needed for this."""

import platform
from pathlib import Path


def processor() -> str:
    """Return what this machine's processor is called."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
