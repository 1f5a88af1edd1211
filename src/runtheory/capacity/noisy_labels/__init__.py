"""Labels of which some are wrong: what they hide, what a fit memorises, ways to memorise less."""
