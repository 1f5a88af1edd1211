"""TO WRITE: what this module computes, in one sentence."""
