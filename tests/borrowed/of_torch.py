"""What is borrowed of torch."""

import copy

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from tests.borrowed import borrowed

OPERATORS = ("inspection/kv_cache/shadow.py", "inspection/kv_cache/work.py")


class Seen(TorchDispatchMode):
    """Lists the operators that pass by, and answers 7 where a number is asked for."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.asked.append(func._overloadpacket)
        if func._overloadpacket is torch.ops.aten._local_scalar_dense:
            return 7
        return func(*args, **(kwargs or {}))


@borrowed("torch", "torch.utils._python_dispatch", "TorchDispatchMode", by=OPERATORS)
@borrowed("torch", "_overloadpacket", by=OPERATORS)
def every_operator_passes_by_a_mode():
    """Operations are counted, and shapes run without numbers, below all modules: there only
    operators are seen, each with the name that it has in `torch.ops`."""
    with Seen() as seen:
        torch.ones(2, 3) @ torch.ones(3, 4)
    assert torch.ops.aten.mm in seen.asked


@borrowed("torch", "_version", by=("inspection/forward_pass.py", "inspection/hooks.py"))
def what_is_written_over_has_another_version():
    """A stream that a pass hands on is kept without a copy: whether it was added to in place
    afterwards, itself or through a view, is told by nothing else."""
    stream = torch.zeros(2, 3)
    before = stream._version
    assert (stream + 1).sum() == 6 and stream._version == before
    stream[0] += 1
    assert stream._version > before


@borrowed("torch", "_local_scalar_dense", by=("inspection/kv_cache/shadow.py",))
def a_tensor_asked_for_its_number_asks_an_operator():
    """Code that asks a tensor of shapes for a number is answered instead of refused."""
    with Seen():
        assert torch.empty((), dtype=torch.long, device="meta").item() == 7


@borrowed("torch", "_grouped_mm", by=("inspection/kv_cache/work.py",))
def experts_are_multiplied_by_one_operator():
    """torch counts nothing for it, so its products are counted here: rows [row, in] meet matrices
    [expert, in, out]."""
    assert torch.ops.aten._grouped_mm not in flop_registry, "torch counts it: drop our own count"
    rows, matrices = torch.ones(4, 16), torch.ones(2, 16, 8)
    ends = torch.tensor([1, 4], dtype=torch.int32)
    with Seen() as seen:
        out = nn.functional.grouped_mm(rows.bfloat16(), matrices.bfloat16(), offs=ends)
    assert torch.ops.aten._grouped_mm in seen.asked
    assert out.shape == (4, 8)


@borrowed("torch", "torch.utils.flop_counter", "flop_registry", by=("inspection/kv_cache/work.py",))
def operations_are_counted_by_torchs_formulas():
    """`FlopCounterMode` counts for the whole process; ours counts one thread, by the same table."""
    out = torch.ones(2, 4)
    packet = torch.ops.aten.mm
    assert flop_registry[packet](torch.ones(2, 3), torch.ones(3, 4), out_val=out) == 2 * 2 * 3 * 4


@borrowed("torch", "func.decompose", by=("inspection/kv_cache/work.py",))
def an_operator_without_a_formula_is_taken_apart():
    """So that what has no formula itself, but is made of products, is counted all the same."""
    assert torch.ops.aten.relu.default.decompose(torch.ones(2)) is NotImplemented
    weight = torch.ones(4, 3)
    with torch.inference_mode():
        found = torch.ops.aten.linear.default.decompose(torch.ones(2, 3), weight)
    assert found.shape == (2, 4)


@borrowed("torch", "FlopCounterMode", by=("pages/output/kv_cache/code.py",))
def the_counter_in_the_code_shown():
    """The lines that readers copy count by torch's own mode."""
    with FlopCounterMode(display=False) as counter:
        torch.ones(2, 3) @ torch.ones(3, 4)
    assert counter.get_total_flops() == 2 * 2 * 3 * 4


@borrowed(
    "torch",
    "_buffers",
    "_parameters",
    "vars(module)",
    by=(
        "inspection/copies.py",
        "inspection/positions/added.py",
        "inspection/positions/twin.py",
    ),
)
def where_a_module_keeps_its_tensors():
    """Tables of positions are buffers, parameters or plain attributes; the public lists of
    modules leave the last out, and a buffer cannot be replaced through them."""
    module = nn.BatchNorm1d(3)
    module.plain = torch.ones(2)
    assert vars(module)["plain"] is module.plain
    assert module._buffers["running_mean"] is module.running_mean
    assert module._parameters["weight"] is module.weight
    module._buffers["running_mean"] = torch.full((3,), 5.0)
    assert module.running_mean[0] == 5


@borrowed("torch", "memo", by=("inspection/copies.py",))
def what_a_copy_is_told_to_share_is_shared():
    """A twin of a network shares its weights, and takes states in autograd's graph without it:
    torch's modules and tensors must ask the memo of `copy.deepcopy`, for which Python has no
    promise."""
    module = nn.Linear(2, 2)
    state = module.weight * 2
    module.state = state
    memo = {id(module.weight): module.weight, id(state): state.detach()}
    other = copy.deepcopy(module, memo)
    assert other.weight is module.weight
    assert other.state.is_leaf


@borrowed("torch", "_parameters", by=("inspection/stored.py",))
def a_parameter_that_a_module_goes_without():
    """A stored bias that the network leaves out: torch names those that are there, and only this
    table those that could be."""
    without = nn.Linear(2, 2, bias=False)
    assert without._parameters["bias"] is None
    assert "bias" not in dict(without.named_parameters())
    assert "other" not in without._parameters
