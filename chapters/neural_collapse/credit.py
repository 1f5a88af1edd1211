"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import torch

from tools.credit import drawn, numbers, one_of, uniform, whole


def simplex_gram(solved, classes=whole(3, 7), distance=uniform(1.8, 4)):
    """The vectors are a simplex frame times a **length that is not given**: any two of them have
    the given `distance` from each other. Return their Gram matrix.
    """
    unit = torch.eye(classes, dtype=torch.float64) - 1 / classes
    return distance**2 / 2 * unit


def stable_variability(
    solved,
    features=drawn(
        lambda source, _: torch.tensor(
            [
                [
                    2048 + spot + source.randint(-8, 8) / 16
                    for spot in ([0, 16, 8, 9], [24, 2, 8, 0], [7, 8, 31, 16])[group]
                ]
                for group in (0, 1, 0, 2, 0, 1, 0, 0, 2, 1)
            ],
            dtype=torch.float32,
        )
    ),
    labels=one_of(
        [0, 1, 0, 2, 0, 1, 0, 0, 2, 1],
        [1, 2, 1, 0, 1, 2, 1, 1, 0, 2],
        [2, 0, 2, 1, 2, 0, 2, 2, 1, 0],
    ),
    classes=one_of(3),
):
    r"""The classes **differ in size**, and the labels are a **list**. Return a **million times**
    $\operatorname{tr}(\mathrm{SS}_w\,\mathrm{SS}_b^+)$ with the **sums**
    $\mathrm{SS}_w = \sum_i (h_i - \mu_{y_i})(h_i - \mu_{y_i})^\top$ and
    $\mathrm{SS}_b = \sum_k n_k (\mu_k - \mu)(\mu_k - \mu)^\top$, where $n_k$ is the size and
    $\mu_k$ the mean of class $k$, and $\mu$ the mean of **all samples**.
    """
    rows, labels = features.double(), torch.tensor(labels)
    counts = torch.bincount(labels, minlength=classes)
    means = torch.stack([rows[labels == k].mean(0) for k in range(classes)])
    scaled = (means - rows.mean(0)) * counts.double().sqrt()[:, None]
    _, lengths, directions = torch.linalg.svd(scaled, full_matrices=False)
    along = (rows - means[labels]) @ directions[: classes - 1].T
    return 1e6 * (along / lengths[: classes - 1]).square().sum()


def deciding_bias(
    solved,
    means=numbers(4, 3),
    counts=one_of([40, 10, 25, 5], [3, 30, 12, 60], [16, 2, 9, 50]),
    variance=uniform(0.3, 2),
):
    r"""Class $k$ has `counts[k]` of the samples, and its features are normal about $\mu_k$ with the
    given **variance** in every direction, without correlations. Return the bias with which the
    decision is always for the class that is **most probable** at the features $h$ (the rows stay
    $m_k$, unscaled); of all such biases, the one whose entries sum to **zero**. The means are in
    general position, so that every class is somewhere the most probable.
    """
    sizes = torch.tensor(counts, dtype=means.dtype)
    bias = solved(means) + variance * sizes.log()
    return bias - bias.mean()


def pair_of_classes(
    solved, first=numbers(7, 3, low=-2, high=1), second=numbers(5, 3, low=-1, high=2.5)
):
    r"""The classes **differ in spread**: the isotropic Gaussian noise of class $k$ about its mean
    has a mean squared length, over all directions together, of $v_k$, computed from that class's
    **own** samples (divisor $n_k$). Return the chance that a sample of the first class is nearer to
    the mean of the second, and then the chance that a sample of the second is nearer to the mean of
    the first.
    """
    distance = float((first.mean(0) - second.mean(0)).norm())

    def crossed(rows):
        spread = float((rows - rows.mean(0)).square().sum(1).mean())
        deviation = math.sqrt(spread / rows.shape[1])
        return math.erfc(distance / 2 / deviation / math.sqrt(2)) / 2

    return crossed(first), crossed(second)


def score_scale(
    solved,
    classes=whole(3, 12),
    count=whole(5, 60),
    layer_penalty=uniform(1e-4, 4e-3, 5),
    feature_penalty=uniform(1e-4, 4e-3, 5),
    scale=drawn(
        lambda source, earlier: round(
            math.log(
                1
                / (
                    math.sqrt(
                        earlier["count"] * earlier["layer_penalty"] * earlier["feature_penalty"]
                    )
                    + source.uniform(0.03, 0.3) / earlier["classes"]
                )
                - earlier["classes"]
                + 1
            ),
            3,
        )
    ),
):
    r"""The other way round: `scale` is the $\alpha > 0$ of the minimiser. Return the **label
    smoothing** $\varepsilon$ that was used, for the targets $(1 - \varepsilon)\,e_y +
    \frac{\varepsilon}{K} \mathbf 1$; `classes` is $K$, `count` is $n$, and `layer_penalty` and
    `feature_penalty` are $\lambda_W$ and $\lambda_H$.
    """
    pressure = math.sqrt(count * layer_penalty * feature_penalty)
    return classes * (1 / (math.exp(scale) + classes - 1) - pressure)


def surviving_scores(
    solved,
    counts=one_of([100, 30, 5, 64], [9, 64, 40, 21], [25, 8, 80, 12]),
    layer_penalty=uniform(0.001, 0.006, 4),
    feature_penalty=uniform(0.0003, 0.002, 5),
    alive=one_of(2, 3),
):
    r"""The other way round: **both** penalties are multiplied by one factor. Return the factor up
    to which the model knows at least `alive` of the classes (one with $u_k > 0$ is known).
    `counts` are the $n_k$, `layer_penalty` is $\lambda_W$ and `feature_penalty` $\lambda_H$.
    """
    last = sorted(counts)[-alive]
    return math.sqrt(last / layer_penalty / feature_penalty) / sum(counts)


def merging_ratio(
    solved,
    samples=whole(500, 5000),
    minority_classes=whole(2, 9),
    majority_classes=whole(2, 9),
    layer=uniform(1e-3, 4e-3, 5),
    feature=drawn(
        lambda source, earlier: round(
            1
            / earlier["samples"]
            / earlier["layer"]
            / (earlier["majority_classes"] * source.uniform(4, 40) + earlier["minority_classes"]),
            8,
        )
    ),
):
    r"""Now the number $N$ of **all** samples, `samples`, stays as it is: as $R$ grows, the majority
    gains what the minority **loses** (class sizes need not be whole). Return the ratio $R$ from
    which on all minority classes share one direction; `layer` and `feature` are the decays
    $\lambda_W$ and $\lambda_H$.
    """
    return (1 / (samples * layer * feature) - minority_classes) / majority_classes


def layers_needed(
    solved,
    groups=whole(2, 6),
    size=whole(3, 6),
    share=drawn(
        lambda source, earlier: round(
            earlier["groups"]
            * (earlier["size"] - 1)
            / (earlier["groups"] * earlier["size"] - 1)
            * (earlier["size"] / (earlier["size"] - 1))
            ** (2 / (source.randint(5, 40) + source.uniform(1.3, 1.7))),
            7,
        )
    ),
):
    r"""In place of opposite pairs there are `groups` orthogonal groups of `size` classes each, and
    a group of $s$ classes costs $(s - 1)\bigl(\frac{s}{s-1}\bigr)^{2/(M+1)}$. Return the least $M$
    for which all groups together cost less than `share` **times** the $K - 1$ that the simplex
    frame of all $K$ classes costs; $K$, which is `groups` times `size`, may be odd, and `share` is
    at most one and large enough that there is such an $M$; `groups` and `size` are at least two.
    """
    classes = groups * size
    excess = share * (classes - 1) / (groups * (size - 1))
    return math.floor(2 * math.log(size / (size - 1)) / math.log(excess) - 1) + 1


def shrinkage(
    solved,
    length=uniform(1, 3),
    classes=whole(3, 8),
    layer=uniform(0.005, 0.04, 4),
    feature=uniform(0.02, 0.3),
    hold=uniform(0.2, 1),
    width=whole(10, 40),
):
    r"""Return the factor for the **trace ratio** $\operatorname{tr} S_W/\operatorname{tr} S_B$, not
    for NC1: the features have `width` dimensions, and the given deviations have the same variance
    in **every** direction, without correlations. `length` is $\rho$, `classes` $K$, `layer`
    $\lambda_W$, `feature` $\lambda_H$ and `hold` $\beta$.
    """
    seen = math.sqrt(solved(length, classes, layer, feature, hold))  # beside the mode's length
    omega = hold * length * (1 / seen - 1)
    unseen = hold / (hold + feature)
    eta = hold / (hold + feature + omega**2) * length / seen
    beside = (unseen * length / eta) ** 2
    return (classes * seen**2 + (width - classes) * beside) / width


def turning_ratio(
    solved,
    majority_classes=whole(2, 9),
    minority_classes=drawn(
        lambda source, earlier: source.choice(
            [count for count in range(2, 10) if count != earlier["majority_classes"]]
        )
    ),
    cosine=uniform(0.05, 0.6),
):
    """In the limit the rows of two minority classes have the given **cosine**, instead of a right
    angle. Return the ratio $R$ at which they have it.
    """
    classes = majority_classes + minority_classes
    theta = 1 / minority_classes + cosine / (1 - cosine)
    root = theta * classes * minority_classes / majority_classes
    return (classes * root**2 - majority_classes) / minority_classes
