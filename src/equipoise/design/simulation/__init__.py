"""Trials drawn by random numbers, looked at, tested and counted."""
