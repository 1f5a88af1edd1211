"""Repeated data: tokens of a source of known entropy, tables of them, networks on them."""
