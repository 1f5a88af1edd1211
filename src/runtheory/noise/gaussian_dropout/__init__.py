"""Dropout as Gaussian noise: what two moments settle for a linear head, and what they leave."""
