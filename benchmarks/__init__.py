"""The book's implementations beside what one would otherwise pick: ``python -m benchmarks``."""
