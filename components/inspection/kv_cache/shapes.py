"""The dimensions of a model that its cache, its work and its memory follow from.

Grouped-query attention: Ainslie et al. 2023 (arXiv:2305.13245); multi-query: Shazeer 2019
(arXiv:1911.02150).
"""

from dataclasses import dataclass, replace

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.law import LayerLaw, usual_law


@dataclass(frozen=True)
class Shape:
    """A decoder in plain numbers."""

    name: str
    parameters: int
    """All weights; a matrix that is used twice counts once."""
    block_matrices: int
    """Numbers in the matrices of all blocks, with every expert: what 8- and 4-bit formats round."""
    layers: int
    heads: int
    """Query heads."""
    kv_heads: int
    """As many as lie in the cache, where the usual formula holds."""
    own_kv_heads: int
    """Heads with keys and values of their own, by the configuration: fewer than `kv_heads` where
    the family's code repeats them before it keeps them (Falcon)."""
    head_size: int
    width: int
    attention_weights: tuple[int, ...]
    """[layer]: numbers in the block's attention matrices (queries, keys, values, output)."""
    mlp_weights: tuple[int, ...]
    """[layer]: numbers that one token meets in the block's other matrices."""
    mlp_width: int
    vocabulary: int
    context: int
    cache: tuple[LayerLaw, ...]
    """[layer]: how its cache grows. Empty where that follows no law (`lawless`)."""
    cross_row: int = 0
    """Of two stacks: numbers that all layers keep of each token that the encoder read."""
    lawless: str = ""
    """Why there is no law: what was counted instead."""
    checks: tuple[Check, ...] = ()
    """Of a loaded model: the law against its own cache."""

    @property
    def usual(self) -> bool:
        """2 x layers x key-value heads x head size x tokens is what the cache holds, or would hold
        if no layer forgot."""
        pairs = {(law.heads, law.key_size) for law in self.cache}
        return len(pairs) == 1 and all(law.usual for law in self.cache)

    @property
    def windows(self) -> tuple[int | None, ...]:
        """[layer]: how many tokens back a layer attends, itself included; None: all."""
        return tuple(None if law.most is None else law.most + 1 for law in self.cache)

    @property
    def slides(self) -> bool:
        """Some layer has a sliding window."""
        return any(window is not None for window in self.windows)

    def layer_bytes(self, layer: int, length: int, itemsize: float, batch: int = 1) -> float:
        """Return the bytes that one layer keeps of `length` tokens in each of `batch` texts."""
        return self._laws()[layer].bytes(length, itemsize, batch)

    def cache_bytes(self, length: int, itemsize: float, batch: int = 1) -> float:
        """Return the bytes of all layers after `length` tokens in each of `batch` texts."""
        return sum(law.bytes(length, itemsize, batch) for law in self._laws())

    def token_bytes(self, itemsize: float) -> float:
        """Return the bytes that one more token adds, while no window is full."""
        return sum(law.row for law in self._laws()) * itemsize

    def state_bytes(self, itemsize: float) -> float:
        """Return the bytes that are kept however long the text."""
        return sum(law.bytes(0, itemsize) for law in self._laws())

    def _laws(self) -> tuple[LayerLaw, ...]:
        if self.lawless:
            raise InspectionError(self.lawless)
        return self.cache

    def shared_by(self, kv_heads: int) -> "Shape":
        """Return the same model with another number of key-value heads.

        Raises:
            InspectionError: its cache is no keys and values for each head, or the query heads
                cannot be divided into so many equal groups.
        """
        if not self.usual:
            raise InspectionError(f"{self.name} cannot be asked that: {unusual(self)}.")
        if kv_heads < 1 or self.heads % kv_heads:
            possible = ", ".join(str(groups) for groups in self.groupings())
            raise InspectionError(
                f"{self.heads} query heads cannot share {kv_heads} key-value heads evenly; "
                f"possible: {possible}."
            )
        # Of a network whose matrices are others than these four, only the cache is told.
        plain = 2 * self.width * self.head_size * (self.heads + self.kv_heads)
        told = all(weights == plain for weights in self.attention_weights)
        saved = 2 * self.width * self.head_size * (self.kv_heads - kv_heads) if told else 0
        return replace(
            self,
            kv_heads=kv_heads,
            own_kv_heads=self.own_kv_heads if kv_heads == self.kv_heads else kv_heads,
            attention_weights=tuple(weights - saved for weights in self.attention_weights),
            parameters=self.parameters - self.layers * saved,
            block_matrices=self.block_matrices - self.layers * saved,
            cache=tuple(
                replace(usual_law(kv_heads, self.head_size), most=law.most) for law in self.cache
            ),
        )

    def groupings(self) -> tuple[int, ...]:
        """Return the numbers of key-value heads that divide the query heads, from 1 up."""
        return tuple(n for n in range(1, self.heads + 1) if self.heads % n == 0)


def sharing(shape: Shape) -> str:
    """Name the way in which query heads share keys and values.

    >>> from components.inspection.kv_cache.published import PUBLISHED
    >>> sharing(PUBLISHED["Falcon-7B"]), sharing(PUBLISHED["GPT-2"])
    ('multi-query (MQA)', 'multi-head (MHA)')
    """
    if shape.kv_heads == shape.heads:
        return "multi-head (MHA)"
    return "multi-query (MQA)" if shape.kv_heads == 1 else "grouped-query (GQA)"


def unusual(shape: Shape) -> str:
    """Say, as a clause, why the usual formula does not give the bytes of a cache; "" if it does."""
    if shape.usual:
        return ""
    if shape.lawless:
        return "what its layers keep follows no formula of the text's length"
    laws = shape.cache
    said = []
    none = [law for law in laws if not law.row]
    if none:
        said.append(f"{len(none)} of {len(laws)} layers keep no keys and values")
    if any(law.state or law.state_bytes for law in laws):
        said.append(
            f"states of {shape.state_bytes(2):,.0f} bytes in 16 bit are kept, however long the text"
        )
    pairs = list(
        dict.fromkeys((one.heads, one.key_size, one.value_size) for one in laws if one.row)
    )
    for heads, key, value in pairs:
        if key != value:
            said.append(
                f"what is kept of a token as key has {heads} x {key} numbers, as value "
                f"{heads} x {value}"
            )
    if len(pairs) > 1:
        said.append(
            "layers differ: "
            + ", ".join(f"{heads} heads of {key} numbers" for heads, key, _ in pairs)
        )
    if any(law.row > law.heads * (law.key_size + law.value_size) for law in laws):
        said.append("layers keep more of a token than a key and a value for each head")
    return "; ".join(said) or "its layers keep something else than a key and a value for each head"
