"""How complete each day of an org's feeds is: what the feed brought in time, what a comparison brought late, and what never
became an event.

`day_books` counts with each batch, in its transaction; `day_report` tells a day once it is compared, or when it should have
been.
"""
