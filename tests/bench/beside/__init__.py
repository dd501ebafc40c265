"""This tree of Leakline and another one in turns, measured by one program: what a change costs is the ratio of two medians of one run."""
