"""Rebuild src/runtheory/data/fashion_mini.xz from the full Fashion-MNIST, bit for bit.

The content depends on the official files and on the choice in ``runtheory.data.embedded`` alone.
The compressed bytes depend on liblzma as well; the digest that counts is that of the content.

    python tools/build_fashion_mini.py            writes the file
    python tools/build_fashion_mini.py --check    compares it with a fresh build, writes nothing
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import sys

from runtheory import checkout, data, durable
from runtheory.data import embedded

ROOT = checkout.root_above(__file__, levels=1)
TARGET = ROOT / "src" / "runtheory" / "data" / embedded.FILE
# Two position bits suit rows of 28 bytes; everything else is liblzma's most thorough setting.
FILTERS = [
    {
        "id": lzma.FILTER_LZMA2,
        "preset": 9 | lzma.PRESET_EXTREME,
        "dict_size": 2**24,
        "lc": 3,
        "lp": 0,
        "pb": 2,
        "nice_len": 273,
    }
]


def content() -> bytes:
    """Choose the images from the verified full set and lay them out."""
    full = data.load("fashion-mnist")
    train = embedded.choose(full.train_labels, "train")
    test = embedded.choose(full.test_labels, "test")
    return embedded.pack(
        (
            (full.train_images[train], full.train_labels[train]),
            (full.test_images[test], full.test_labels[test]),
        )
    )


def main() -> int:
    """Build the file, or compare it with a fresh build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    laid_out = content()
    digest = hashlib.sha256(laid_out).hexdigest()
    packed = lzma.compress(laid_out, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=FILTERS)
    if check:
        same = TARGET.read_bytes() == packed
        print(f"content {'matches' if digest == embedded.SHA256 else 'DIFFERS'}, SHA-256 {digest}")
        print(f"file {'matches' if same else 'DIFFERS'}, {len(packed)} bytes")
        return 0 if same and digest == embedded.SHA256 else 1
    durable.write(TARGET, packed)
    print(f"wrote {TARGET.name}: {len(packed)} bytes, SHA-256 of the content {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
