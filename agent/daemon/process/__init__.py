"""The daemon as a process of the system: what its manager is told, and how it begins anew."""
