"""`paidan notify`: takes an offer further when no device of the squad has received it.

    desk-log ─▶ offers.Offers (which are open, and not received?) ─▶ push.Pusher, one task for each channel of an offer
    Redis nodes ─▶ nodes.Nodes (is the town's terminal there at all?) ──┘      │
                          bounds.Bounded (the provider's limits) ─▶ an adaptor ┴▶ its provider
    desk-inbox ◀── ReportPush: sent, failed, limited, refused, skipped ◀────────┘

Layout: notifier (the one protocol: Notice in, Receipt out), webhook, webpush, worknotice, mqtt (the adaptors), bounds,
channels (which of them, where to, by which secret), offers, nodes, push (when to try what), process (all of it), cli.
"""
