"""How often intervals and tests of learning algorithms err: exact levels, and a twin problem."""
