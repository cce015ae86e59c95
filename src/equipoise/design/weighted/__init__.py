"""Hazards that are not proportional: average hazard ratios, and weighted log-rank tests over calendar time."""
