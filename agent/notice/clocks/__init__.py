"""The clocks of incidents: what must be told to whom until when, counted from what is known, and what became of it.

Keys under `keys.RESPONSE`, in the shard of the incident's org:

    clocks/<incident>              JSON, array of `Clock`
    timer/<milliseconds>/<incident>    empty: when the incident is to be looked at next; one for each
    basis/<digest>                 JSON `Basis`: the settings and the pack by which clocks are reckoned
    pack/<digest>                  the text of a pack of regimes by which an incident was judged
    based                          the digest to which all incidents with a clock were brought
"""
