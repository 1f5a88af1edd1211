"""What holds with probability 1 - delta: PAC-Bayes bounds and certificates of classifiers."""
