"""A protocol's own design: its numbers derived step by step, its timeline, and what if it is wrong."""
