"""A GGUF file, as Ollama, LM Studio and llama.cpp keep models: one file, its weights quantized.

transformers turns it back into a network: the numbers are those that the quantized weights stand
for, and what is computed with them is in the number format that the reader chooses.
"""

from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from components.inspection.errors import InspectionError

SUFFIX = ".gguf"
MAGIC = b"GGUF"


@dataclass(frozen=True)
class GgufHeader:
    """What stands before the weights."""

    architecture: str
    parameters: int
    quantized: str
    """In words: the type that most weights have, and the mean bits of a weight."""


def read(file: Path, source: str) -> GgufHeader:
    """Read the header of `file`.

    Raises:
        InspectionError: the package `gguf` is not installed, or the file is none of its kind.
    """
    if find_spec("gguf") is None:
        raise InspectionError(
            f"'{source}' is a GGUF file, and reading one takes the package gguf, which is not "
            "installed here. Install it with: pip install gguf"
        )
    from gguf import GGUFReader

    broken = f"'{source}' is no GGUF file that can be read: it is cut short, or something else. "
    with file.open("rb") as opened:
        if opened.read(len(MAGIC)) != MAGIC:
            raise InspectionError(f"{broken}Fetch it again.")
    try:
        reader = GGUFReader(file)
        architecture = str(reader.fields["general.architecture"].contents())
        sizes: Counter[str] = Counter()
        for tensor in reader.tensors:
            sizes[tensor.tensor_type.name] += int(tensor.n_elements)
        stored = sum(int(tensor.n_bytes) for tensor in reader.tensors)
    except Exception as error:  # any broken value ends in the library's own error
        raise InspectionError(f"{broken}Fetch it again. ({type(error).__name__})") from error
    total = sum(sizes.values())
    if not total:
        raise InspectionError(f"{broken}It holds no weights.")
    most = sizes.most_common(1)[0][0]
    plain = most in ("F32", "F16", "BF16")
    return GgufHeader(
        architecture, total, "" if plain else f"{most}, {8 * stored / total:.1f} bits a weight"
    )
