"""Where the four techniques meet, composed from the outside."""
