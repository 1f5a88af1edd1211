"""Information-theoretic generalisation bounds: what is exact, what is estimated, what is certified.

``measures`` compares laws and samples; ``ladder`` solves models completely, so that every bound
stands beside the gap it bounds; ``supersamples`` estimates bounds from many trained replicates;
``certificates`` holds with probability 1 - delta; ``layers`` follows information through a network.
Everything is in nats and float64.
"""
