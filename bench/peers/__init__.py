"""What ours is measured against: three queues, and the intake that one would write instead.

`make peers` installs them, and `.venv/bin/python -m bench.peers` measures each by itself. `bench.peers.runs` is for
our own benchmarks. Every peer runs in processes of its own, with the settings that its documents or its own benchmark
recommend, or with faster ones where measuring found some that a user may choose. All of them, like ours, run on a
PostgreSQL with its default durability, which the caller starts: a commit is on disk before it is told.

**The queues** (`queues/`, `river/`) enqueue jobs with a payload of a few bytes, all of them, and then work them off
with a handler that does nothing. Both halves are timed in one or more processes at once. All that can be done before
is done before: processes have started and connected, and between the halves `ANALYZE` tells the planner what it would
know in a database that has been used for a minute. A job counts as worked off when the database says that it is
completed. Every queue inserts many jobs in a call, which is more than a service can that is told of 25 at a time.

- PgQueuer: asyncpg, the fastest of its drivers, on uvloop; durable tables, as is its default; the autovacuum settings
  that its tuning guide wants, and the larger batches that it advises for short jobs: two consumers in a process, each
  on a connection of its own, claim 50 jobs at a time. The five with 10 of its own benchmark were slower. It buffers
  completions for up to a tenth of a second, and writes its log of jobs.
- Procrastinate: psycopg with its C accelerator, on uvloop; one worker in a process with `concurrency` 10, which was
  faster than the 30 of its documents, and as many connections; jobs deleted once they succeeded. Connections commit
  each statement by itself, which saves two round trips for each. It claims and completes jobs one by one.
- River: pgx with ten connections in a process, and what `river bench` sets: 2,000 workers, fetches 2 ms apart, 5,000
  jobs in a call; they are inserted by COPY. `river bench` itself is in a module that not every Go proxy has, and times
  only the second half. Completions are buffered, and are waited for.

**The intake** (`intake/`) is a FastAPI application under uvicorn (uvloop, httptools, no access log) with SQLAlchemy's
ORM on asyncpg, and Celery on Valkey. It takes the request of ours over REST, with the same limits, checks the key by
its digest in the database, stores batch, jobs, members and resumes in one transaction, in which unique constraints
decide what is there already, sends a Celery task for each new job, and answers 202 with the ids. Where the ORM has a
faster way it is taken: rows are inserted in bulk and not one object at a time, and all tasks of a batch go in one
pipeline, which is twice as fast as one `delay` after the other. Valkey is Redis under its old licence, and keeps an
append-only file with `appendfsync always`: no 202 is sent before the tasks are on disk, as none of ours is before its
jobs are. One thing is less than ours gives: a service killed between its commit and its tasks has accepted jobs that
nobody works on.

No worker takes the tasks, as no worker runs beside our intake when it is measured. The load is `http_load`: 64 kept
connections, each with one new batch of 25 applications after the other, made before the clock runs, at a fiftieth of
what a batch costs the service.
"""
