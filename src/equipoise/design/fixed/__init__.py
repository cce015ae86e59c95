"""Designs with one analysis at a fixed time or number of events, and the same with planned looks."""
