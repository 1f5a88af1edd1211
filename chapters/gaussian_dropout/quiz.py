"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from runtheory.noise.gaussian_dropout import moments


def third_moment() -> float:
    """Return the third central moment of a mask at rate 0.3."""
    return moments.mask_moments(0.3).third


def sign_of_the_third() -> float:
    """Return it with the other sign."""
    return -third_moment()


def equal_votes() -> float:
    """Return the vote at which normal factors are content, at rate 0.2."""
    return 2 / moments.mask_moments(0.2).variance


def votes_upside_down() -> float:
    """Return two times the variance."""
    return 2 * moments.mask_moments(0.2).variance
