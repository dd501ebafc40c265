"""What a change of governed settings, of rules or of a pack does to the protection: nothing, more, less, or what is never allowed."""
