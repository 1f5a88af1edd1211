"""Random subspaces: a problem that is solved, small networks, and a bound from few bits."""
