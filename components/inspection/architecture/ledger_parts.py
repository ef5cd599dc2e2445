"""Which part of a transformer a module is of: embedding, attention, MLP, norm, head, or another."""

import re
from typing import Final, Literal, get_args

from torch import nn
from transformers import PreTrainedModel

from components.inspection.anatomy import Anatomy

Part = Literal["embedding", "attention", "MLP", "norm", "head", "other"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)

_NORM: Final = re.compile(r"norm", re.IGNORECASE)
_ATTENTION: Final = re.compile(r"attention|attn", re.IGNORECASE)
_MLP_NAME: Final = re.compile(r"^(mlp|ffn?s?|fc_?\w*|lin\d|feed_?forward|intermediate|experts?)$")
_MLP: Final = re.compile(r"(MLP|Mlp|FFN?|FeedForward|Intermediate|Output|Experts?|MoeBlock|MoE)$")
_HEAD: Final = re.compile(
    r"^(lm_head|cls|classifier|score|pooler|embed_out|qa_outputs|output_projection)$"
)
_ROTARY: Final = re.compile(r"Rotary|Rope", re.IGNORECASE)
_EMBEDDING: Final = re.compile(r"embed|^wte$|^wpe$", re.IGNORECASE)


class Parts:
    """Says which part a module is of: by the family's row, else by its class and name."""

    def __init__(
        self, network: PreTrainedModel, anatomy: Anatomy | None, modules: dict[str, nn.Module]
    ) -> None:
        self.modules = modules
        base, head = network.base_model, network.get_output_embeddings()
        self.base = next(path for path, module in modules.items() if module is base)
        self.heads = {path for path, module in modules.items() if module is head}
        self.marked: dict[str, Part] = {}
        self.blocks: list[str] = []
        for parts in () if anatomy is None else anatomy.stacks.values():
            way = _below(self.base, parts.blocks)
            blocks = [_below(way, name) for name, _ in modules[way].named_children()]
            self.blocks += blocks
            for block in blocks if parts.attention else ():
                for path in (parts.mlp_write, parts.mlp_down):
                    if path:
                        self.marked[_below(block, path)] = "MLP"
                for path in (parts.attention, parts.attention_write):
                    self.marked[_below(block, path)] = "attention"
        self.within = set(self.blocks)

    def of(self, path: str) -> Part:
        """Return the part that the module at `path` is of.

        A norm is one wherever it stands; else attention and MLP are all that lies in them.
        """
        way = [path.rsplit(".", up)[0] for up in range(path.count(".") + 1)] if path else []
        kinds = {one: type(self.modules[one]).__name__ for one in way}
        names = {one: one.rpartition(".")[2] for one in way}
        if way and (_NORM.search(kinds[path]) or _NORM.search(names[path])):
            return "norm"
        if any(one in self.heads or _HEAD.search(names[one]) for one in way):
            return "head"
        if self.base and path != self.base and not path.startswith(f"{self.base}."):
            return "head" if path else "other"
        outermost = next((at for at, one in enumerate(way) if one in self.within), len(way))
        inside = way[:outermost] if self.within else [one for one in way if one != self.base]
        if any(
            self.marked.get(one) == "attention"
            or _ATTENTION.search(kinds[one])
            or _ATTENTION.search(names[one])
            for one in inside
        ):
            return "attention"
        if any(
            self.marked.get(one) == "MLP" or _MLP_NAME.search(names[one]) or _MLP.search(kinds[one])
            for one in inside
        ):
            return "MLP"
        if any(_EMBEDDING.search(names[one]) for one in way) and not _ROTARY.search(kinds[path]):
            return "embedding"
        return "embedding" if way and isinstance(self.modules[path], nn.Embedding) else "other"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
