"""People who answer: squads, units, checkers and operators of a city that nobody lives in (`paidan people`).

A client of the topics like any other: it hears the public `case-events` and posts orders to `desk-inbox`, and says in
each that it is simulated. Of how a desk decides it knows nothing; a refused order it does not even see.

Layout, each file one thought:

- `heard`      what people read of a public event, and what they remember of an open case
- `chance`     draws that depend on the seed and the case alone, never on who came first
- `times`      day and night, ways, and how long work takes
- `behaviour`  what a case makes people do: pure, so the same people live in a test and on Kafka
- `operators`  what a desk's operator does with a case that the rules do not settle
- `rehearsal`  days of a city in memory, with these people in it
- `client`     the same on Kafka
"""
