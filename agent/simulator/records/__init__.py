"""The records of objects as time goes by: what each said when, from whom, and what of it can be seen now."""
