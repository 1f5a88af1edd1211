"""What recipes measure on a trained network; each takes what it needs as parameters."""
