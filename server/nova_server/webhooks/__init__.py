"""Events on their way to the partner's own servers: what is sent, how it is signed, and what becomes of it."""
