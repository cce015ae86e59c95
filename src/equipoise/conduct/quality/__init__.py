"""Data quality: visits that are due, queries, deviations, survival at the cut-off."""
