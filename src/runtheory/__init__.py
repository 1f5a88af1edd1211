"""Tested implementations that accompany the executable book *Runnable Theory*.

Each technique has a package of its own and a chapter of its own; nothing is imported until it is
asked for, so ``import runtheory`` loads no widget, no plotting library and no scikit-learn.
"""

__version__ = "0.3.0"
