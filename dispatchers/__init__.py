"""What decides. Pure: no clock, no randomness, no I/O, no logging, nothing of `streams/` (a test enforces it).

Layout, in the order in which a case meets it:
    rows, city, clock       the city as dated data, the questions it answers, working time
    messages, events        what can be asked of a writer, and what it can answer (the log)
    case                    the life of one case: the TRANSITIONS table
    intake                  the receipt book: which number became which case, of which desk
    jurisdiction            the place: whose is it
    competence              the power list: who may
    assignment              the squad and the team: who will
    escalation              what happens when nobody does
    desk                    decide and evolve of a command desk
    record                  the log's record, its chain and fold; one step of a writer
    memory                  a whole city without a broker
    targets                 the first of the three 80 % numbers
"""
