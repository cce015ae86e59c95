"""How many participants, when to look, and what if the assumptions fail.

Nothing here knows protocols but `from_protocol`; effects, medians and durations come in as numbers. Times are months.
Positive z favours the experimental arm; a hazard ratio is experimental over control.
"""
