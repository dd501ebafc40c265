"""What an org's sources have covered of each other: hours that were streamed, rows that objects brought, changes that were told."""
