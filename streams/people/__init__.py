"""People who answer: squads, units, checkers and operators of a city that nobody lives in (`paidan people`).

A client of the topics like any other: it hears the public `case-events` and posts orders to `desk-inbox`, and says in
each that it is simulated. Of how a desk decides it knows nothing; a refused order it does not even see.

Layout, each file one thought:

- `heard`      what people read of a public event
- `known`      what they remember of an open case
- `chance`     draws that depend on the seed and the case alone, never on who came first
- `times`      day and night, ways, and how long work takes
- `places`     what anybody may read in the city's public rows
- `acts`       plans and orders
- `behaviour`  what a case makes people do, those who have it first: pure, so they live in a test and on Kafka
- `post`       who looks before, checks after, answers, reviews, rules, and whoever another office asks
- `operators`  what a desk's operator does with a case that the rules do not settle
- `rehearsal`  days of a city in memory, with these people in it
- `client`     the same on Kafka
"""
