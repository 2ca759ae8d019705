"""The scorer that needs no network: a pure function from texts to a score, explained in `docs/scoring.md`."""
