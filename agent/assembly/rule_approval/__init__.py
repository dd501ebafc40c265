"""Rule files held against those that are approved."""
