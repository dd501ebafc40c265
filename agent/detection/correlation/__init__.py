"""Correlations: conditions over many matched rows of one group within a span of event time. This page is the map.

The way of a batch
------------------

    engine.py        matched rows of one org's batch, correlation by correlation, bases before what is made of them
    rows.py          matched rows -> compact rows: texts become codes (text_codes.py), ids 16 bytes, times milliseconds
    batch_update.py  one correlation, org and batch: what is new, which alerts that makes or changes
    at_once.py       new rows of a condition that more rows can only make hold -> what they come to
    near_rows.py     which groups could fire (row_times.py counts), and the kept rows near their new ones
    group_windows.py groups whose rows come in order, followed row by row (inside_window.py)
    possible_groups.py  windows that are over -> the groups in which the condition may hold at all
    windows.py       rows -> windows in which the condition holds -> members, the rows within such windows
    sequences.py     the same for `temporal_ordered`, where rows must come in an order
    growth.py        members before and after -> clusters (what alerts gain) and anchors (what is handed on)
    few_rows.py      windows.py, sequences.py and growth.py in one for up to 2,000 rows in any order
    open_alert.py    clusters -> alerts; batch_changes.py, alert.py: what is said of them
    memory.py        where rows and alerts are kept; text_codes.py, thinning.py serve it

Words
-----

    row       a matched event as a correlation keeps it. An event that two bases matched is two rows of one id.
    step      the base that matched the row, as its place in `Correlation.steps`: with bases a, b it is 0 or 1.
    carried   `carried N`: the code of a field's text that a correlation of this one looks at; N counts these fields
              in the order of their names. Nothing is carried where nothing is made of the correlation.
    window    a span of time of one group in which the condition holds; both of its ends belong to it.
    since, until   the ends of a window.
    anchor    the time of the row that makes the window: that at its end, or at its beginning where something must
              be absent.
    measured  what the condition is held against: a count, a sum, the number of different steps, ...
    known     the time at which the window is over: its `until`. Of a row at several anchors the first one counts.
    reached   while a window is sought: the time up to which its conditions are met so far, or back to which it goes.
    member    a row within a window, and whose step takes part in it. Alerts count members, each event once.
    mark      the watermark, up to which all rows are believed to be there; Memory.mark is the last one worked with.

One window of each type
-----------------------

In all of these the timespan is ten minutes; a number is the minute of a row, a letter its base. `*` is an anchor.

`event_count` with `gte: 3`. Every row is looked at as the end of a window that begins a timespan before it. A row at 0
leaves the windows that end after 10: in milliseconds it counts from 0 to 600000 and is gone at 600001.

    minute     0    4     9  12          30
    row        a    a     a* a*          a
             [------------]                    since -1, until 9,  measured 3, known 9
                 [-----------]                 since 2,  until 12, measured 3, known 12
    member     x    x     x  x

`value_count` with `gte: 3` counts different values of a field. A value counts until a timespan after its last row: the
second 7 takes over from the first one, so that no window is counted anew.

    minute     0    4     9  12
    row        a    a     a  a*
    value      7    8     7  9
                 [-----------]                 since 2, until 12, measured 3 (8, 7, 9), known 12

`value_sum` with `gte: 9`, and the same rows for `value_avg`, `value_median`, `value_percentile`: numbers of at least
zero, each event once, rounded to six digits so that the order of adding does not show.

    minute     0    4     9  12
    row        a    a     a  a*
    value      2    5     1  4
                 [-----------]                 since 2, until 12: sum 10, average 3.333333, median 4

`temporal` counts different steps. With an expression (`a and b`) each way in which it can hold is a term; windows are
sought and rows take part term by term, and `measured` is the number of bases wanted.

    minute     0    4     9          15
    row        a    a     b*         b
    step       0    0     1          1
             [------------]                    since -1, until 9, measured 2, known 9

`temporal_ordered` meets places in order, each strictly later than the one before. The shortest chain that ends at 9
begins at 4. The window goes back to the first beginning within a timespan, which is 0 (`reached`), so that a row that
comes late only ever adds to it.

    minute     0    4     9
    row        a    a     b*
                    |--->-|                    chain: since 4
               [----------]                    since 0, until 9, measured 2, known 9

`temporal` with `a and not b`: nothing may follow, so a window begins at a row that is wanted and lasts a timespan.
`temporal_ordered` has the same windows where all that is wanted comes in order (`reached` goes from row to row).

    minute     0     6 8   12     18 19
    row        a     b a*  a         b
    step       0     1 0   0         1
               [-----!--]                      no: b at 6
                       [----------]            since 8, until 18, anchor 8, measured 1, known 18
                           [---------!-]       no: b at 19
    member             x   x

When a window is certain, and when it closes
--------------------------------------------

More rows can only make `gt` and `gte` over counts, values, sums and steps hold, and expressions without `not`. Such a
window is certain as soon as its rows are there, and its alert is raised in the same batch (`at_once.grown`). Windows
of all other conditions (`Correlation.waits`) are certain when they are over and nothing can come into them any more:
when the watermark has passed `until` (`growth.by_windows`). The watermark is, of the log sources that feed the
correlation, the oldest newest event time less the source's lateness (30 hours of log files, for example), and never
ahead of the marks of correlations that it is made of. It is worked with when it moved by a 32nd of the timespan,
between one second and two minutes.

Event time as seen from the mark (span: the timespan; quiet: `Correlation.quiet`, the timespan or longer):

    -------+-----------------+---------------+--------------+----------->
     mark-span-quiet    mark-2*span      mark-span         mark
    <------|                                                               alerts that ended here are closed
    <------------------------|                                             pieces whose newest row lies here go
                                             |------------->               windows that are still open begin here
                                                            |----------->  rows are taken here

A new row lies at or after the mark, its windows reach back one span, and whether the other rows of these windows were
members before depends on windows that reach back one more: hence two spans of rows are kept.

A late row (at or after the mark) is put in by its time, whatever came before it: windows and members of its group are
found anew two spans around it, with it and without it, and alerts gain the difference. Windows that end before the
first new row of their group are the same with it and without it; where rows come in order there are no others. It may
raise an alert, let one grow, or join two. A row before the mark is left out and counted as `late`. An alert that grew
is revised at once when its count has doubled, else when a quarter of an hour has passed by the clock, and for the last
time when it closes.

`crowded` counts rows that were let go because a correlation had more than thinning.ROWS of them for one org: the
crowd is the flood of rows, and who floods loses his own rows first.

All frames
----------

Times are Int64 milliseconds of event time since 1970; `group`, `user`, `address`, `carried N` are UInt32 codes of
texts.

    name        columns                                             made by                  read by
    ----------  --------------------------------------------------  -----------------------  --------------------------
    found       a rule's matched rows, as prepared: `event.id`      detector,                rows.read_matched
                String, `@timestamp` Datetime, the vendor's         rows.handed_on
                columns and computed ones
    matched     time; id Binary; `key N` String, then UInt32        rows.read_matched        rows.correlation_rows
                codes; `value N` String. Each id once, null where   (MatchedRows.rows)
                there is nothing
    texts       code UInt32 (ascending), text String, seen (time    text_codes.TextCodes     rows, growth (`named`)
                of a row that had it, up to an hour old)
    rows        group, time, id Binary, step UInt8, value (Float64  rows.correlation_rows    batch_update, memory,
                to sum, UInt64 hash to count; only where values     (memory.schema)          growth, windows, thinning
                are looked at), user, address, `carried N`
    pieces      rows of one bucket of time (an hour or a timespan)  memory.MemoryWriter.add  near_rows, batch_update
                sorted by group and time, at most PIECE_ROWS
    around      group, from, to: the time around new rows that      near_rows                near_rows
                can change by them
    kept, near  rows: pieces that meet that time; those of them     near_rows                at_once
                within it, of groups that could fire
    measured    group, time (of an end), measured Float64           windows._measured        windows._backward
    windows     group, since, until, anchor, measured Float64,      windows.windows          windows.members
                term UInt8 (place in `Correlation.terms`, else 0)
    chain       group, time (of its end), since (the latest         sequences._after         sequences._spanned
                beginning of a chain that ends there)
    reached     group, time, reached (null if there is none)        sequences.next_time      windows._without,
                                                                                             sequences._reaching_back
    members     rows with measured Float64 and known; both are      windows.members          growth._growth
                null unless an anchor lies at the row
    clustered   members with cluster UInt32: no gap above `quiet`   growth._growth           growth._clusters
    cluster     group (text), start, end, count, times, ids, last,  growth._clusters         batch_update, open_alert
                measured, user, address; a dict, what one alert
                gains
    anchors     members at an anchor that were at none before       growth._growth           engine, rows.handed_on
    remeasured  group (text), time, measured; tuples, of rows that  growth._changed_measures batch_update._with_measure
                were members before
"""
