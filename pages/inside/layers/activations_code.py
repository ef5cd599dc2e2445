"""A few lines of plain PyTorch that print the activation functions at a few numbers."""

CODE = """import torch
from torch.nn import functional as F

x = torch.tensor([-1.0, 0.0, 1.0, 2.0])
print("ReLU       ", torch.relu(x))
print("GELU exact ", F.gelu(x))
print("GELU tanh  ", F.gelu(x, approximate="tanh"))
print("SiLU       ", F.silu(x))

# A gated MLP (SwiGLU): the activated gate times up is what enters the last map.
torch.manual_seed(0)
gate, up, down = (torch.nn.Linear(*sizes, bias=False) for sizes in ((4, 6), (4, 6), (6, 4)))
print(down(F.silu(gate(x)) * up(x)))
"""
