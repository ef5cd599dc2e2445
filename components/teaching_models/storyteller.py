"""The storyteller: its size, its recipe."""

from dataclasses import dataclass, field
from pathlib import Path

from transformers import LlamaConfig

from components.teaching_models.batches import Repeats
from components.teaching_models.tokenizer import END_ID

FOLDER = Path(__file__).parents[2] / "assets" / "models" / "storyteller"
"""Where the bundled model lives."""


@dataclass(frozen=True)
class Size:
    """Dimensions of a Llama decoder."""

    vocabulary: int = 2560
    width: int = 256
    layers: int = 4
    query_heads: int = 4
    key_heads: int = 2
    head_width: int = 64
    mlp_width: int = 576
    context: int = 512

    def config(self) -> LlamaConfig:
        """Return the configuration that transformers builds the network from."""
        return LlamaConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.width,
            intermediate_size=self.mlp_width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.query_heads,
            num_key_value_heads=self.key_heads,
            head_dim=self.head_width,
            max_position_embeddings=self.context,
            rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
            tie_word_embeddings=True,
            bos_token_id=END_ID,
            eos_token_id=END_ID,
            pad_token_id=END_ID,
        )


@dataclass(frozen=True)
class Guidance:
    """A push on the attention of some heads early in training, which then fades to nothing.

    Left to the next-token loss alone, induction takes more text than two CPU cores can read in two
    hours. So the loss gets, at first, the negative log of the weight that chosen heads give to the
    token before, or to the token that followed the earlier copy of the one they read.
    """

    previous: tuple[tuple[int, int], ...] = ((0, 0), (0, 1))
    """(layer, head) of those pushed towards the token before."""
    induction: tuple[tuple[int, int], ...] = ((1, 0), (1, 1), (2, 0), (2, 1))
    """(layer, head) of those pushed towards the induction target."""
    weight: float = 0.3
    full_until: float = 0.06
    """Progress (0 to 1) until which the push has its full weight."""
    gone_at: float = 0.15
    """Progress from which it has none."""

    def at(self, progress: float) -> float:
        """Return the weight of the push at this progress."""
        left = (self.gone_at - progress) / (self.gone_at - self.full_until)
        return self.weight * min(max(left, 0.0), 1.0)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run yields."""

    seed: int = 1
    steps: int = 2800
    tokens_per_step: int = 4096
    stages: tuple[tuple[float, int], ...] = ((0.5, 128), (0.85, 256), (1.0, 512))
    """Until which progress (0 to 1) rows have which length in tokens."""
    learning_rate: float = 3e-3
    """Peak, for AdamW (embeddings, norms) and, scaled to AdamW's step size, for Muon (matrices)."""
    warm_up: float = 0.02
    """Share of the steps in which the learning rate rises from 0."""
    last_rate: float = 0.02
    """Learning rate at the end, as a share of the peak."""
    weight_decay: float = 0.05
    clip: float = 1.0
    """Largest norm of the gradient."""
    size: Size = field(default_factory=Size)
    repeats: Repeats = field(default_factory=Repeats)
    guidance: Guidance = field(default_factory=Guidance)

    def row_length(self, progress: float) -> int:
        """Return how many tokens a row has at this progress."""
        return next(length for until, length in self.stages if progress < until or until >= 1)
