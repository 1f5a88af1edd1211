"""Information, bottlenecks and capacity."""
