"""Multi-sample dropout: masks, heads, objectives, laws and what they cost."""
