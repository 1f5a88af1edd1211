"""Tested implementations that accompany the executable book *Runnable Theory*.

Each technique has a package and a chapter of its own; ``interplay`` and ``factorial`` serve the
chapter that joins them. Nothing is imported until it is asked for, so ``import runtheory`` loads
no widget, no plotting library and no scikit-learn.
"""

__version__ = "0.3.0"
