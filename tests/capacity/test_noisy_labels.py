"""TO WRITE: a property over random inputs, a loop from the equation, a closed form."""
