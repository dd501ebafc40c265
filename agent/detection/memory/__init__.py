"""What correlations and baselines remember with: one way for both.

    frame_bytes.py    a frame as bytes of the state, and back
    piece_cache.py    stored pieces that were used last, in memory
    stored_frame.py   a frame in pieces: their numbers, where they are stored, when small ones become one
    sorted_runs.py    a frame of many rows, in which those of a few groups are found
    source_times.py   how far each log source is, and the watermark that follows
    undo.py           taking back what a batch changed in memory
    sum_ceilings.py   how much the groups of a frame did at most

Everything here is immutable but for the cache and the writer of a batch: a batch makes new values, which count from its
commit on. Keys and values are described where they are owned (`agent.store.keys`).
"""
