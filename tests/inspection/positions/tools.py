"""What several tests of this folder need."""

import copy

from components.inspection.model import Model


def state_of(model: Model) -> dict[str, object]:
    """Return all of a shared network that an inspection might have left changed."""
    network = model.network
    return {
        "modules": [(name, id(module)) for name, module in network.named_modules()],
        "weights": [(name, id(w), w._version) for name, w in network.named_parameters()],
        "buffers": [(name, b.double().sum().item()) for name, b in network.named_buffers()],
        "hooks": sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules()),
        "own": [sorted(name for name in vars(m) if name == "forward") for m in network.modules()],
        "config": copy.deepcopy(network.config.to_dict()),
    }
