"""Over what people are told: one file for each kind of channel."""
