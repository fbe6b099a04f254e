"""The Faust agents: each hands what was fetched to what decides or shows, and acknowledges when that is settled."""
