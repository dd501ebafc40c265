"""Changes of the settings that notices, permissions, drills, rules and the trail depend on: proposed, voted on, kept by content."""
