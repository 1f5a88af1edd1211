"""Experts chosen by a router that is never trained, and how many of them are used."""
