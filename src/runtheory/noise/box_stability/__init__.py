"""How far a predicted box moves under dropout, and what that says of its being right."""
