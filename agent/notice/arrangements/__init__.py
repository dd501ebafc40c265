"""What the settings `notice` arrange: who is told of incidents, in which order, over what."""
