"""What settings may never say: the least that the law of a pack asks for, however the settings are written."""
