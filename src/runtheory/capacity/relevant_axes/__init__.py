"""Axes of an autoencoder's code that the data need, found by learning the prior's variances."""
