"""Low-rank adapters: dropout's noise over few steps, the saddle at B = 0, steps by the norm."""
