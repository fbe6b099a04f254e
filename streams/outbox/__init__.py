"""`paidan replies`: the outbox, from which sources are posted the replies they are owed.

    topic replies ─▶ ledger.Ledgers (which are pending?) ─▶ lane.Lane, one for each source ─▶ post.Poster ─▶ its server
    topic deliveries ◀── acknowledged, dead ──────────────────────────┘          `paidan replies again` ─▶ deliveries

Layout: sources (which sources, where to, by which secret), signature (what makes a reply ours), account (sent =
acknowledged + pending + dead), book and ledger (the same, record by record, from the topics), post (one try), lane
(when to try what), process (all of it), dead (what was given up), cli.
"""
