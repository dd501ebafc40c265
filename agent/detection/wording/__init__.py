"""What alerts over many events say happened, in words: from the titles and conditions of rules and from what was counted."""
