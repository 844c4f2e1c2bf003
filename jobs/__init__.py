"""Jobs: one file each, with the payload class beside the function. Safe to run twice."""
