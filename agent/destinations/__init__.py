"""Where events go. A destination is one file here and one member of the settings' union.

It encodes nothing and waits for nothing: a format makes the lines, the loop cuts them, sends again and counts. It
wraps lines for its wire (`wrap`), moves bytes (`send`) and says what the other side accepted.
"""
