"""What decides. Pure: no clock, no randomness, no I/O, no logging, nothing of `streams/` (a test enforces it).

Layout, in the order in which a case meets it. The words:
    rows/, city, law, clock the city as dated data: who is where, what is whose; working time
    messages/, events/      what can be asked of a writer, and what it can answer (the log)
    case, transitions, life, changes one case as a value; the table of what may follow; what each event changes
The rules:
    intake                  the receipt book: which number became which case, of which desk
    registration            a case comes to a desk: from intake, from another desk
    classification          what it is about: item, facts, duty
    jurisdiction            the place: whose is it
    merging                 one matter, many reports
    dispatch                who shall do it: the order of a decision, the ladder
    competence              the power list: who may
    assignment              the squad, the team, the officers: who can
    terms                   its limits: started, paused, resumed, extended
    levels                  up, down, to another desk
    offices                 what one office asks of another; rescue first
    deadlines               what happens when nobody acts
Orders:
    orders                  checked against table, holder and version; ORDERS says whose module each is
    reports, assigning      of those who have the case; of the desk's operator
    disputes, relaxation    giving back and whose it is; more time
    closing, ends           check, answer, close; cancel, transfer, reopen
    acts, refusals          what every act carries; every reason there is to refuse one
And what is made of it:
    desk, decision, state   decide and evolve of a command desk
    record, writer, memory  the log's record and its chain; one step of a writer; a whole city without a broker
    explain/, rollout       why a case went where it went; proposals beside what people did
    targets/                the three 80 % numbers
    check/                  what can be wrong with a city pack
"""
