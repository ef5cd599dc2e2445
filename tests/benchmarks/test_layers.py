"""What the logit lens of a long text costs, against the same logits by plain torch, in one run."""

import subprocess
import sys

from tests.benchmarks.test_recording import ROOT
from tests.benchmarks.test_recording import seconds as in_turn

TOKENS = 511
MOST = 4.0
"""Beside logits and a softmax it ranks the answer, finds the five likeliest, and compares whole
distributions; and it checks itself."""


def measured() -> tuple[float, float]:
    """Return the seconds of the lens and of the plain way, of the processor."""
    import torch

    from components.inspection.layers.logit_lens import logit_lens
    from components.inspection.load import load_model

    model = load_model("storyteller", device="cpu")
    text = " ".join(["The red fox went to the old mill with a lamp and a song."] * 34)
    given = torch.tensor([model.encode(text)])
    assert given.shape[1] == TOKENS
    network = model.network

    def plain() -> object:
        with torch.no_grad():
            found = network.model(given, output_hidden_states=True, use_cache=False).hidden_states
            last = network.model.norm(torch.cat(found[:-1]))
            return torch.log_softmax(network.lm_head(torch.cat([last, found[-1]])), -1).exp()

    ours, theirs = in_turn(lambda: logit_lens(model, text), plain)
    return ours, theirs


def test_the_lens_over_a_long_text_costs_a_few_times_its_logits(capsys):
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.test_layers"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    ours, theirs = map(float, done.stdout.split()[-2:])
    with capsys.disabled():
        print(f"\nlogit lens of {TOKENS} tokens: {ours:.2f} s, its logits alone {theirs:.2f} s")
    assert ours < MOST * theirs


if __name__ == "__main__":
    print(*measured())
