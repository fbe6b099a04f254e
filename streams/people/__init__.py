"""People who answer: squads, units, checkers and operators of a city that nobody lives in (`paidan simulate`).

Clients of the gateway like any other, at whatever rate one likes, and so its load; each says in whatever it orders that
it is simulated. Of how a desk decides they know nothing; that an order was refused is counted, and nobody learns by it.

Layout, each file one thought:

- `heard`      what people read of a public event
- `known`      what they remember of an open case
- `chance`     draws that depend on the seed and the case alone, never on who came first
- `times`      day and night, ways, and how long work takes
- `places`     what anybody may read in the city's public rows
- `acts`       plans and orders
- `behaviour`  what a case makes people do, those who have it first: pure, so they live in a test and at a gateway
- `post`       who looks before, checks after, answers, reviews, rules, and whoever another office asks
- `operators`  what a desk's operator does with a case that the rules do not settle
- `rehearsal`  days of a city in memory, with these people in it
- `accounts`   who they are at the gateway
- `client`     requests until they have an answer
- `device`     what a squad carries
- `load`       complaints at a rate
- `figures`    what was counted and measured
- `simulate`   all of it together
"""
