"""The worker that lives on a durable queue. Knows nothing of what the jobs are about."""
