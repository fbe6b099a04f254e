"""The gateway: HTTP for consoles, units, sources. It writes orders and complaints, and decides nothing.

Who one is and what one may, in the order of a request:

    access.py      roles, capabilities, areas: pure tables; which orders a role gives, asked of dispatchers
    accounts.py    the topic `accounts`, followed; passwords, codes, keys as they are kept; accounts to try a city with
    tokens.py      what is handed out signed and not kept: cookies, challenges
    login.py       password and one-time code, and how long one waits after a wrong one; the seam for single sign-on
    sessions.py    the signed cookie, the CSRF token, a source's key; request[SESSION]; login, logout, me
    devices.py     telephones of squads: enrolled by a code, signed in by a key
    audit.py       the hash-chained topic `audit`: write an entry, walk over all of them
    people.py      who reported a case: an entry first, then the person

What is told and taken, in the same order:

    problem.py     every answer that is none, in both languages
    live.py        the desks folded from the log: open cases, and what became of orders
    stream.py      what changes, to every browser (SSE)
    cases.py, city.py, search.py    boards, cases, stories; names, duty, wall, replies; the archive over HTTP
    offers.py, squads.py            what squads are told, as it is decided; all of a squad's day
    whereabouts.py, numbers.py      who is where; the three 80 % numbers for the wall
    drill.py, posts.py, opened.py   a number opened, down to its cases; to posts and cost objects; what is told of it
    orders.py, filing.py            orders to desks; complaints and city events into their topics
    photos.py      evidence piece by piece onto the disk, and out of it for who sees the case
    context.py, field.py, api.py    what handlers share; those of devices; every endpoint in one table
    openapi.py, terms.py            made from that table; the screens' words, made from those of `paidan why`
    pages.py, static/               the screens
    app.py         all of it joined: `paidan gateway`
"""
