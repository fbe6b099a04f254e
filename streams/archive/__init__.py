"""`paidan archive`: all cases, open and closed, and their stories, in one SQLite file that is folded from `desk-log`.

A projection (law 5): it can be thrown away at any moment and is built anew from the log. In the order of an event:

- follow    the process: every partition of `desk-log`, the valid chain, from the stored position
- fold      what an event makes of a case; nothing of the reporter goes on from there
- store     cases, stories and position, written in one transaction
- ends      how cases ended, for who opens the first of the three numbers
- texts     how words are found in texts, also Chinese ones of one or two characters
- phones    the suffixes of reporters' numbers, as HMACs, in a file of its own beside the vault
- query     what may be asked, and what is told to who asks wrongly
- search    what the gateway asks: lists, counts, CSV, stories, similar cases; `plan` chooses the index
- sqlite    all that is SQLite's own: the seam for PostgreSQL
"""
