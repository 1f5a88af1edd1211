"""InfoNCE and its leave-one-out twin: bounds on information, and losses that train encoders."""
