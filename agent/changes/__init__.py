"""Changes of governed settings: what is asked for, what it means, and who agrees."""
