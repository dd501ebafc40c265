"""What a drill plants: its scenarios, and their rows as sources would have read them just now.

`catalogue`: the scenarios; `rows`: the batches of one; `script`: what happens in it, moved to end now; `cast`: its people;
`disguise`: ids and addresses that are this drill's alone. The others make raw frames, a kind of source each.
"""
