"""Shapes of known models, as published, so that the planner needs no download.

Each row's parameters are counted again in the tests, by building the model from the row's
numbers on torch's meta device, which takes no memory.
"""

from typing import Final

from components.inspection.kv_cache.law import usual_law
from components.inspection.kv_cache.shapes import Shape


def decoder(
    name: str,
    parameters: int,
    blocks: tuple[int, int, int, int],
    sizes: tuple[int, int, int],
    vocabulary: int,
    context: int,
    window: int | None = None,
    experts: tuple[int, int] | None = None,
) -> Shape:
    """Make a shape: (layers, heads, kv heads, head size), (width, MLP width, MLP matrices).

    `experts`: of how many MLPs in a block each token meets how many, chosen by a router.
    """
    layers, heads, kv_heads, head_size = blocks
    width, mlp_width, matrices = sizes
    attention, mlp = 2 * width * head_size * (heads + kv_heads), matrices * width * mlp_width
    every, met = experts or (1, 1)
    router = width * every if experts else 0
    return Shape(
        name=name,
        parameters=parameters,
        block_matrices=layers * (attention + every * mlp + router),
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        own_kv_heads=kv_heads,
        head_size=head_size,
        width=width,
        attention_weights=(attention,) * layers,
        mlp_weights=(met * mlp + router,) * layers,
        mlp_width=mlp_width,
        vocabulary=vocabulary,
        context=context,
        cache=(usual_law(kv_heads, head_size, window),) * layers,
    )


_ROWS: Final = (
    decoder("GPT-2", 124_439_808, (12, 12, 12, 64), (768, 3_072, 2), 50_257, 1_024),
    decoder("Qwen2.5-0.5B", 494_032_768, (24, 14, 2, 64), (896, 4_864, 3), 151_936, 32_768),
    decoder("Qwen3-0.6B", 596_049_920, (28, 16, 8, 128), (1_024, 3_072, 3), 151_936, 40_960),
    decoder("TinyLlama-1.1B", 1_100_048_384, (22, 32, 4, 64), (2_048, 5_632, 3), 32_000, 2_048),
    decoder("Phi-3-mini", 3_821_079_552, (32, 32, 32, 96), (3_072, 8_192, 3), 32_064, 4_096),
    decoder("Llama-2-7B", 6_738_415_616, (32, 32, 32, 128), (4_096, 11_008, 3), 32_000, 4_096),
    decoder("Falcon-7B", 6_921_720_704, (32, 71, 1, 64), (4_544, 18_176, 2), 65_024, 2_048),
    decoder(
        "Mistral-7B v0.1",
        7_241_732_096,
        (32, 32, 8, 128),
        (4_096, 14_336, 3),
        32_000,
        32_768,
        window=4_096,
    ),
    decoder("Qwen2.5-7B", 7_615_616_512, (28, 28, 4, 128), (3_584, 18_944, 3), 152_064, 32_768),
    decoder("Llama-3-8B", 8_030_261_248, (32, 32, 8, 128), (4_096, 14_336, 3), 128_256, 8_192),
    decoder("Llama-2-13B", 13_015_864_320, (40, 40, 40, 128), (5_120, 13_824, 3), 32_000, 4_096),
    decoder("Phi-4", 14_659_507_200, (40, 40, 10, 128), (5_120, 17_920, 3), 100_352, 16_384),
    decoder("Qwen2.5-14B", 14_770_033_664, (48, 40, 8, 128), (5_120, 13_824, 3), 152_064, 32_768),
    decoder(
        "Mistral-Small-24B", 23_572_403_200, (40, 32, 8, 128), (5_120, 32_768, 3), 131_072, 32_768
    ),
    decoder(
        "Qwen3-30B-A3B",
        30_532_122_624,
        (48, 32, 4, 128),
        (2_048, 768, 3),
        151_936,
        40_960,
        experts=(128, 8),
    ),
    decoder("Qwen3-32B", 32_762_123_264, (64, 64, 8, 128), (5_120, 25_600, 3), 151_936, 40_960),
    decoder(
        "Mixtral-8x7B",
        46_702_792_704,
        (32, 32, 8, 128),
        (4_096, 14_336, 3),
        32_000,
        32_768,
        experts=(8, 2),
    ),
    decoder("Llama-2-70B", 68_976_648_192, (80, 64, 8, 128), (8_192, 28_672, 3), 32_000, 4_096),
    decoder("Llama-3-70B", 70_553_706_496, (80, 64, 8, 128), (8_192, 28_672, 3), 128_256, 8_192),
    decoder("Qwen2.5-72B", 72_706_203_648, (80, 64, 8, 128), (8_192, 29_568, 3), 152_064, 32_768),
    decoder(
        "Llama-3.1-405B", 405_853_388_800, (126, 128, 8, 128), (16_384, 53_248, 3), 128_256, 131_072
    ),
)

PUBLISHED: Final[dict[str, Shape]] = {shape.name: shape for shape in _ROWS}
