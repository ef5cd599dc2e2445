"""The few lines of plain PyTorch that reproduce a sequence's table, without Captum."""

from typing import Final

from components.inspection.attribution.phrase import PhraseAttribution
from components.inspection.attribution.phrase_ways import STEPS
from pages.inside.attribution.code import Setting, embeddings, loading, shapley


def sequence_code(shown: Setting, text: str, found: PhraseAttribution, orders: int) -> str:
    """Return code that prints each token's scores: for the sequence as a whole, and row by row."""
    gradients, two_stacks = found.method == "integrated_gradients", shown.kind == "seq2seq"
    begins = f"{loading(shown)}ids = tokenizer({text!r}).input_ids\n"
    begins += f"phrase = {list(found.phrase_ids)}  # {''.join(found.phrase)!r}\n"
    begins += f"absent = tokenizer.convert_tokens_to_ids({found.stand_in!r})\n"
    begins += (
        "special = set(tokenizer.all_special_ids)\n"
        "free = [i for i, token in enumerate(ids) if token not in special]\n"
        "count = len(free)\n\n"
        "def log_p(text):  # of each token of the sequence\n"
    )
    if two_stacks:
        begins += (
            f"    decoder = torch.tensor([[{found.decoder_start}] + phrase])\n"
            "    logits = model(inputs_embeds=text.to(model.dtype), decoder_input_ids=decoder)"
            ".logits[0, :-1]\n"
        )
    elif gradients:
        begins += (
            "    whole = torch.cat([text, embed(torch.tensor([phrase])).float()], dim=1)\n"
            "    logits = model(inputs_embeds=whole.to(model.dtype)).logits[0, len(ids) - 1 : -1]\n"
        )
    else:
        begins += "    logits = model(torch.tensor([text + phrase])).logits[0, len(ids) - 1 : -1]\n"
    begins += "    return logits.float().log_softmax(-1)[range(len(phrase)), phrase]\n\n"
    holed = "[absent if i in away else token for i, token in enumerate(ids)]"
    if two_stacks or gradients:
        begins += f"embed = {embeddings(shown)}\n"
        holed = f"embed(torch.tensor([{holed}])).float()"
    begins += f"\ndef text_without(away):\n    return {holed}\n"
    return begins + _body(found, orders) + _CLOSING


def _body(found: PhraseAttribution, orders: int) -> str:
    without = """
@torch.no_grad()
def without(away):
    return log_p(text_without({free[i] for i in away})).double().numpy()
"""
    if found.method == "ablation":
        return f"{without}\nscores = [without(()) - without({{i}}) for i in range(count)]\n"
    if found.method == "shapley":
        zeros = "np.zeros((count, len(phrase)))"
        return f"{without}{shapley(len(found.tokens), orders, 0, zeros, 'without')}"
    return f"""
x, baseline = text_without(()), text_without(set(free))
nodes, weights = np.polynomial.legendre.leggauss({STEPS})
path = [torch.zeros_like(x) for _ in phrase]
for n, w in zip(nodes, weights):
    e = (baseline + float(n + 1) / 2 * (x - baseline)).requires_grad_()
    for row, each in enumerate(log_p(e)):
        path[row] += float(w) / 2 * torch.autograd.grad(each, e, retain_graph=True)[0]
rows = [((x - baseline) * each).sum(-1)[0, free] for each in path]
scores = torch.stack(rows, dim=1).numpy()
"""


_CLOSING: Final = """
for i, score in zip(free, scores):
    print(f"{sum(score):+9.5f}  {tokenizer.decode([ids[i]])!r}  {[float(s) for s in score]}")
"""
