"""Maintenance: a while in which incidents that are not critical are held back, because people know that they make them."""
