"""How many numbers describe an example: estimates from neighbours, and what follows for errors."""
