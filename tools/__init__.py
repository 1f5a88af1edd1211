"""What the Makefile calls; nothing that a reader imports."""
