"""Random losses: a loss drawn anew for every batch, by the derivatives that descent sees of it."""
