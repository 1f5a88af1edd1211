"""Information through the layers of a network: contraction, channels, bounds layer by layer."""
