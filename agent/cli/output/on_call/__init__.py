"""Who is on call, for people and for calendars."""
