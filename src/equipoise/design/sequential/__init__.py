"""Tests that look several times: boundaries, what they do, and what they say while the trial runs and when it ends."""
