"""`make assess`: how often the shipped rules call on an innocent month, and whether they find every planted leak."""
