"""`leakline demo`: a simulated org with planted leaks through the whole pipeline, and a verdict on the result."""
