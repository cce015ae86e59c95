"""How each kind of entry changes a participant's state; a file for each group of kinds."""
