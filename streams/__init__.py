"""The way of a message through Paidan: Kafka, Faust, Redis, files.

It moves; what is decided is decided in `dispatchers`, and nothing here says who handles what. `streams` imports
`dispatchers`; nobody imports `streams`.

Layout
------
In the order of a message, each file one thought:

- settings, logs, clock, topics   where things are; what a process logs; the one clock; `topics.yaml`, the one source
- kafka_io, hanging, app, member   aiokafka and Faust as we use them, without what was measured to lose data or time
- wire, desk_wire, faults   bytes to messages; every fault has a reason
- masking, vault, reporters the person leaves the message, sealed under a key of the case
- geo, outlines, place_names, city_files (with city_table, city_yaml), cities   places, and versions of the city
- log, recovery, writers    the one log that decides: append, fence, letters, snapshots; taking and giving up partitions
- agents/, desk             `paidan desk`: intake and desks; `wakeups` (time is a message), `salvage`, `dead_letters`
- reader, tell              a log, folded once; `views`, `board`, `notices`, `push`, `facts`, each at its `pace`
- whiteboard                Redis, with patience
- archive/                  all cases and their stories, to be searched
- replies, outlet, outbox/  the answer to the source: topic and signed webhooks
- desks, notify/            all desks' states, followed; offers taken further when the squad's device is silent
- outgoing, strict_yaml     HTTP to servers that are not ours; files that say where to and by which secret
- gateway/                  HTTP: console, API, intake
- memory                    what was needed once goes back to the system
- metrics, observe, lag     what ops teams see; `ops` starts Prometheus and Alertmanager
- targets                   the official numbers: `target_fold`, shown by `target_gauges` and `indicator_gauges`
- people/, feed             the demo: simulated people, real complaints
- run, servers, children, renewal, ports, prepare, watch, summary, local, stop   `paidan run`: all of it on one machine
- backup/, doctor*          a city in files, and into an empty cluster; what is wrong, in words
- decide, replay, schema, generate, packs, scan, *_cli, cli*   tools; `cli` joins all of it
"""
