"""Backup and restore of everything from files: `paidan export DIR`, `paidan import DIR` into an empty cluster.

    files.py     what lies in a backup, and how damage of it is found
    chains.py    the logs as a backup sees them: chain, letters, who is forgotten
    export.py    one moment of a cluster that lives
    restore.py   a new cluster with a new epoch

Positions. A log is kept for ever and has no holes, so in the new cluster each record has its old offset: the chain,
ids of events and offers, letters' `posted_through`, positions of readers hold as they are. An inbox has lost its oldest
messages, and its offsets begin at 0 again. So each log is continued by the record that opens a new epoch (law 3); it
changes no state. What is undecided goes into the new inbox in its order; what is decided is not even in the backup.
Rejected: the same offsets in the inboxes, by producing as many messages as were ever there and deleting them again.
It writes millions to delete them, needs a right that nothing else needs, and two clusters that both go on from there
could not be told apart by their positions.

Time. The broker gives a message its time when it is appended (law 6), in the new cluster too: an undecided message is
as old as its import. What was decided before keeps its time, which stands in the records; legal deadlines run on over
the outage. Rejected: the old time in a header: then whoever may write to an inbox could move a deadline.
"""
