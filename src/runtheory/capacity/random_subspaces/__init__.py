"""Training in a random subspace: a solvable problem, small networks, and what a bound makes of it."""
