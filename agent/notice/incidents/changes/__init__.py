"""What people do to an incident. Each change is a function from an incident to the next one; what is not allowed raises
`NotAllowed` with what to do instead.

Nothing of an incident is deleted by a change, and no anchor moves to a later time without a basis that is recorded.
"""
