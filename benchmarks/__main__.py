"""Measure the book's implementations beside their peers and print one table.

    python -m benchmarks [--only mixing ...] [--rounds N] [--threads 1] [--device cpu] [--record]

With one thread on a CPU the clock is the processor time of this process, which other programs on
the machine do not lengthen; otherwise it is the time that passes.
"""

from __future__ import annotations

import argparse
import os
import sys

PARTS = ("mixing", "multi_sample_dropout", "training", "collapse", "bounds", "supersample")


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=PARTS,
        default=PARTS,
        metavar="PART",
        help=f"some of {', '.join(PARTS)}",
    )
    parser.add_argument("--rounds", type=int, help="rounds of every comparison (default: its own)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--record", action="store_true", help="write results/benchmarks/peers.json")
    chosen = parser.parse_args(arguments)
    if chosen.record and set(chosen.only) != set(PARTS):
        parser.error("--record wants all parts")
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    chosen = options(arguments)
    # The linear algebra libraries read it when they are loaded, and the parts load them.
    os.environ["OMP_NUM_THREADS"] = str(chosen.threads)
    from benchmarks import harness

    harness.run(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
