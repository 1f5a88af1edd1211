"""Chapter 5: where the four techniques meet, composed from the outside."""
