"""What a shared gradient reveals of the images behind it, with dropout and without."""
