"""Baselines: rows of some rules, held against what went before. A map of the room.

A batch goes this way: `engine.py` takes the rows that rules matched, passes over the baselines that rest
(`watched.py`), `rows.py` makes the rows alike, the kind (`kind.py`; `volume.py` with `buckets.py`, `windows.py`,
`history.py` and `usual.py`, `first_seen.py`, `travel.py`, `silence.py`, `idle.py`) puts them into its frames
(`memory.py` between batches, `working_frames.py` within one), compares and raises open alerts (`open_alert.py`),
`alert.py` makes alerts of them. `reading/` reads baselines.

The watermark is the newest event time of the slowest source less the `wait`. What is older is settled: no row of that
time is taken any more, so what is said about it stays true. What a row is compared with is settled when it comes. That
is why the order of rows, batches and restarts makes no difference.

What each kind looks at, time to the right; `#` settled, `~` may still change, `.` not looked at, `w` the wait:

    volume      a window of one timespan, in steps, held against earlier windows of the group
                |########## history (28 d) ###############|ww|~~window~~|
                 ^ known since at least the minimum (7 d) before the window; with a season every 24th or 168th hour
    first_seen  a row, held against the values of its group
                |##### group known, minimum (14 d) ########|www|row        the value was not there before the wait
    travel      every two visits of a group within a timespan (1 d), in slots of ten minutes
                |visit~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~visit|               settled by closing once-per (1 d)
    silence     a pause, told once the watermark is beyond what is allowed
                |## known, minimum (14 d) ##|last####allowed#####|watermark wwww newest row of anybody
                 allowed: the timespan, or `ratio` times the longest pause of the history (28 d)
    idle        a row, held against the last hour in which its group did something
                |hour####### timespan or more ############|.gap = wait + 1 h.|row

Frames. `key` is a group as a number (UInt64, `rows.py`), `group` its text; times are milliseconds since 1970 (Int64)
unless said otherwise; marks are time and event id as one text (String, `rows.py`).

    frame (owner)        a row is          columns beside `key`                          made by, read by
    rows (rows.SCHEMA)   a matched row     group, time, mark, value (String), weight     rows.rows; every kind
                                           (Float64), user, address, place (String),
                                           lat, lon (Float64, degrees)
    waiting (engine)     a row ahead of    as rows                                       _ready; _ready
                         another source
    open (volume)        a bucket that     slot (Int32, steps since 1970), value         buckets; grown_windows, _usual,
                         may grow          (Float64), count (Int64, rows); stored pieces _settle; window_details
                                           also group, first, last (marks), user_low,
                                           user_high, address_low, address_high (String)
    past (volume)        a settled bucket  slot (Int32), value (Float64)                 _settle; _usual, history.compared,
                                                                                         history.peer_statistics
    windows (in a batch) buckets of one    slot (of the last of them), value, count      grown_windows; _judge
                         timespan
    pairs (first_seen)   a group's value   pair (UInt64, both), first (ms), day (Int32,  _take_in; _admitted, _judge
                                           days since 1970 of the last row)
    visits (travel)      a place in ten    group, lat, lon, slot (Int64, ten minutes     _visits; _judge, _fast
                         minutes           since 1970), place, low, high (marks), user,
                                           address
    open (silence)       a part of the     group, slot (Int64, parts since 1970), low,   _parts; _settle, _lately
                         timespan          high (ms), user
    known (silence)      a group           group, begin, last (ms), user                 _settle; _seen, _raise_ongoing
    pauses (silence)     a settled pause   end, length (ms)                              _pauses; _raise_over
    hours (idle)         an active hour    hour (Int32, hours since 1970)                advance; _judge, _settle

Frames that a batch changes are stored in pieces (`detection.memory.stored_frame`) under
`baseline/<rule>/<org>/<frame>/<number>` (Arrow), what describes them and the open alerts under
`baseline/<rule>/<org>/about/<number>` (JSON); how far each source is, under `sources` (`memory.source_times`).
"""
