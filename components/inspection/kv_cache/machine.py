"""What a measurement was taken on: it means nothing without."""

import platform
from dataclasses import dataclass

import psutil
import torch
import transformers

from components.inspection.model import Model
from components.inspection.processor import processor


@dataclass(frozen=True)
class Machine:
    """The machine, the versions and the model that a number belongs to."""

    processor: str
    cores: int
    threads: int
    """That torch uses for one operation."""
    memory_bytes: int
    device: str
    device_name: str
    system: str
    python: str
    torch: str
    transformers: str
    model: str
    revision: str
    parameters: int
    dtype: str
    attention: str
    """Which implementation ran: Vitrine's calls the family's own eager code."""


def machine_of(model: Model) -> Machine:
    """Describe the machine as it is now, and `model` on it."""
    facts = model.facts
    name = processor()
    device_name = name
    if model.device.type == "cuda":
        device_name = torch.cuda.get_device_name(model.device)
    return Machine(
        processor=name,
        cores=psutil.cpu_count(logical=False) or psutil.cpu_count() or 1,
        threads=torch.get_num_threads(),
        memory_bytes=psutil.virtual_memory().total,
        device=facts.device,
        device_name=device_name,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        torch=torch.__version__,
        transformers=transformers.__version__,
        model=model.source,
        revision=model.revision,
        parameters=facts.parameters,
        dtype=facts.dtype,
        attention="eager",
    )
