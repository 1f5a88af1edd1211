"""Controllers trained inside a learnt model of the world, with dropout in it and without."""
