"""Products of two factors whose columns are dropped from behind, so that they become ordered."""
