"""Going on with a state directory whose database is gone or damaged: look, salvage, rebuild, take in again."""
