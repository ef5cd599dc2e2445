"""Pictures of layers: the logit lens, the residual stream, norms, activations, parts of a logit."""
