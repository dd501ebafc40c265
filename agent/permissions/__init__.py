"""Who may do what: roles, the table of role and action, and who is behind a connection."""
