"""Drafts of notices: what each obligation asks for, what is known of it, versions, sign-offs and submissions. Nothing is filed."""
