"""`leakline check`: what is wrong with this installation, and what to do about it. Changes nothing unless asked to."""
