"""Divergences, mutual information and distances of transport, exact and estimated (nats)."""
