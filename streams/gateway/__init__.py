"""The gateway: HTTP for consoles, units, sources. It writes orders and complaints, and decides nothing.

Who one is and what one may, in the order of a request:

    access.py      roles, capabilities, areas: pure tables; which orders a role gives, asked of dispatchers
    accounts.py    the topic `accounts`, followed; passwords, codes, keys as they are kept; accounts to try a city with
    login.py       password and one-time code, and how long one waits after a wrong one; the seam for single sign-on
    sessions.py    the signed cookie, the CSRF token, a source's key; request[SESSION]; login, logout, me
    audit.py       the hash-chained topic `audit`: write an entry, walk over all of them
    people.py      who reported a case: an entry first, then the person
"""
