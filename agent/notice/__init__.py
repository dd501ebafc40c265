"""Who must be told of a breach, and until when: regimes, deadlines, clocks. Nothing here is legal advice."""
