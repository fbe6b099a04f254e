"""The way of a message through Paidan: Kafka, Faust, Redis, HTTP, files.

It moves; what is decided is decided in `dispatchers`, and nothing here says who handles what. `streams` imports
`dispatchers`; nobody imports `streams`.

Layout
------
In the order of a message, each file one thought:

- `settings`   where Kafka, Redis, the data and the keys are: read once, handed in
- `topics`     `topics.yaml`, the one source: plan, apply and check of real topics, and all that is generated from it
- `wire`       bytes to messages and back
- `log`        the one log that decides: append, fold, fence, letters, snapshots
- `app`        the Faust app; `agents/` its agents, about 30 lines each
- `views`, `channels`, `metrics`   what others see: Redis, squads, Prometheus
- `gateway/`   REST, live updates, the console and the squads' page
- `targets`    the official numbers; `city_files` reads a city pack
- `local`      an embedded Kafka and Redis, for a whole city on one machine
- `cli`        `paidan`, which joins all of it
"""
