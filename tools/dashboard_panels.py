"""What the dashboard shows: rows of panels, and the curves of each in PromQL.

The queues are measured by every process with the role `sweeper`, and each of them finds the same. So their depths and
ages are the highest that any process tells; everything else is added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# The variables that choose what is shown, and the metric that has their values as labels.
SELECTION = (("job", "nova_role"), ("instance", 'nova_role{job=~"$job"}'))
_SELECTED = ", ".join(f'{label}=~"${label}"' for label, _ in SELECTION)

OWN_CALLS = r'method=~"/nova\\..*"'  # and not those that ask after health
ENDING_CALLS = r'method=~"/nova\\..*", method!~".*/Watch.*"'  # a watch takes as long as what it watches
FAULTS = 'code=~"INTERNAL|UNAVAILABLE|UNKNOWN|DEADLINE_EXCEEDED"'  # what is not the caller's fault
BUSY = 'state="busy"'


@dataclass(frozen=True, slots=True)
class Curve:
    """One or more lines of a panel. `legend` names them by their labels."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A diagram over time. `unit` is one of Grafana's."""

    title: str
    description: str
    curves: Sequence[Curve]
    unit: str = "short"
    from_zero: bool = True


def chosen(metric: str, *conditions: str) -> str:
    """Return the selector of what is chosen to be shown, under further conditions."""
    return f"{metric}{{{', '.join((_SELECTED, *conditions))}}}"


def rate(metric: str, *conditions: str) -> str:
    """Return the growth of a counter in a second."""
    return f"rate({chosen(metric, *conditions)}[$__rate_interval])"


def total(expression: str, *by: str) -> str:
    """Return a sum, for each value of the labels `by`."""
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum({expression})"


def highest(metric: str) -> str:
    """Return the highest value of a gauge that many processes tell of the same thing."""
    return f"max by (job) ({chosen(metric)})"


def ratio(part: str, whole: str) -> str:
    """Return a share."""
    return f"{part} / {whole}"


def quantile(part: float, metric: str, *by: str, where: Sequence[str] = ()) -> str:
    """Return a quantile of a histogram, for each value of the labels `by`."""
    return f"histogram_quantile({part}, {total(rate(f'{metric}_bucket', *where), 'le', *by)})"


def counted(title: str, description: str, *metrics: tuple[str, str]) -> Panel:
    """Return a panel of counters by their growth. `metrics` are pairs of a name and a legend."""
    return Panel(title, description, [Curve(total(rate(name)), legend) for name, legend in metrics], "ops")


def split(title: str, description: str, metric: str, label: str, *conditions: str) -> Panel:
    """Return a panel of one counter by a label."""
    return Panel(title, description, [Curve(total(rate(metric, *conditions), label), f"{{{{{label}}}}}")], "ops")


INTAKE = (
    counted(
        "Accepted",
        "Submissions that were accepted, repeated ones included, and the applications in them.",
        ("nova_submissions_total", "submissions"),
        ("nova_submitted_applications_total", "applications"),
    ),
    split("Calls by status", "Calls that ended.", "nova_grpc_requests_total", "code", OWN_CALLS),
    Panel(
        "Share of calls that failed",
        "Failed through no fault of the caller.",
        [
            Curve(
                ratio(
                    total(rate("nova_grpc_requests_total", OWN_CALLS, FAULTS)),
                    total(rate("nova_grpc_requests_total", OWN_CALLS)),
                ),
                "failed",
            )
        ],
        "percentunit",
    ),
    Panel(
        "Time of calls, 99 %",
        "Without watches, which take as long as what they watch.",
        [Curve(quantile(0.99, "nova_grpc_request_seconds", "method", where=[ENDING_CALLS]), "{{method}}")],
        "s",
    ),
    split("Addresses refused", "Where resumes may not be fetched from.", "nova_egress_denied_total", "reason"),
)

QUEUE = (
    Panel(
        "Jobs",
        "Jobs that wait, and that are worked on.",
        [
            Curve(highest("nova_queue_depth"), "{{job}} waiting"),
            Curve(highest("nova_queue_running"), "{{job}} running"),
        ],
    ),
    Panel(
        "Age of the longest waiting job",
        "Grows when the workers do not keep up, or when one tenant has submitted more than its share.",
        [Curve(highest("nova_queue_oldest_age_seconds"), "{{job}} oldest")],
        "s",
    ),
    Panel(
        "In and out",
        "What is accepted, and what ends. A repeated submission makes no new job.",
        [
            Curve(total(rate("nova_submitted_applications_total")), "applications in"),
            Curve(total(rate("nova_jobs_finished_total")), "jobs out"),
        ],
        "ops",
    ),
)

WORKERS = (
    split("Jobs that ended, by outcome", "Scored, or failed with a code.", "nova_jobs_finished_total", "outcome"),
    counted("Jobs put back", "After a passing fault.", ("nova_job_retries_total", "retried")),
    counted(
        "Leases of jobs",
        "Rescued from a process that went silent, and results that came after that.",
        ("nova_leases_swept_total", "swept"),
        ("nova_lease_losses_total", "lost"),
    ),
)

WEBHOOKS = (
    split("Attempts by outcome", "Delivered, or why not.", "nova_webhook_attempts_total", "outcome"),
    Panel(
        "Time of attempts",
        "Up to the answer or the failure.",
        [
            Curve(quantile(0.5, "nova_webhook_attempt_seconds"), "50 %"),
            Curve(quantile(0.99, "nova_webhook_attempt_seconds"), "99 %"),
        ],
        "s",
    ),
    Panel(
        "Deliveries",
        "Deliveries that wait, also for their next attempt, and that are on their way.",
        [
            Curve(highest("nova_webhook_queue_depth"), "{{job}} waiting"),
            Curve(highest("nova_webhook_queue_running"), "{{job}} running"),
        ],
    ),
    Panel(
        "Age of the longest waiting delivery",
        "One endpoint that is down makes it grow.",
        [Curve(highest("nova_webhook_oldest_age_seconds"), "{{job}} oldest")],
        "s",
    ),
    counted(
        "Deliveries that ended",
        "Ended, and put back after a failed attempt.",
        ("nova_webhooks_finished_total", "ended"),
        ("nova_webhook_retries_total", "retried"),
    ),
    counted(
        "Leases of deliveries",
        "Rescued from a process that went silent, and attempts that ended after that.",
        ("nova_webhook_leases_swept_total", "swept"),
        ("nova_webhook_lease_losses_total", "lost"),
    ),
)

STORE = (
    counted("Commits", "Transactions that write.", ("nova_commit_group_size_count", "commits")),
    Panel(
        "Writes in a commit",
        "How many writes share one.",
        [
            Curve(
                ratio(total(rate("nova_commit_group_size_sum")), total(rate("nova_commit_group_size_count"))), "mean"
            ),
            Curve(quantile(0.99, "nova_commit_group_size"), "99 %"),
        ],
    ),
    split(
        "Transactions run again",
        "They stood in each other's way (conflict), or the connection was lost.",
        "nova_store_retries_total",
        "reason",
    ),
    Panel(
        "Connections in use",
        "Of those that the processes may have. No process should stay at 100 %.",
        [
            Curve(
                ratio(
                    total(chosen("nova_store_connections", BUSY), "instance", "use"),
                    total(chosen("nova_store_connections"), "instance", "use"),
                ),
                "{{instance}} {{use}}",
            )
        ],
        "percentunit",
    ),
    Panel(
        "Connections to PostgreSQL",
        "Of all processes: what they have in use, and what they may have.",
        [
            Curve(total(chosen("nova_store_connections", BUSY), "use"), "{{use}}"),
            Curve(total(chosen("nova_store_connections")), "limit"),
        ],
    ),
    Panel(
        "Clock of PostgreSQL ahead of the machine's",
        "The service goes by PostgreSQL's. A machine whose clock is far off has lost its time server.",
        [Curve(total(chosen("nova_clock_offset_seconds"), "instance"), "{{instance}}")],
        "s",
        from_zero=False,
    ),
)

PROCESSES = (
    Panel(
        "Processes by role",
        "A process may have several. Each role has to be there.",
        [Curve(total(chosen("nova_role"), "role"), "{{role}}"), Curve(total(chosen("up")), "scraped")],
    ),
    Panel(
        "How late the event loop wakes, 99 %",
        "Everything in a process waits for its event loop.",
        [Curve(quantile(0.99, "nova_event_loop_lag_seconds", "instance"), "{{instance}}")],
        "s",
    ),
    Panel(
        "Processor time",
        "Of one core: at 100 % the process has no more to give. Its child processes are not in it.",
        [Curve(total(rate("process_cpu_seconds_total"), "instance"), "{{instance}}")],
        "percentunit",
    ),
    Panel(
        "Memory",
        "Resident. Child processes are not in it.",
        [Curve(total(chosen("process_resident_memory_bytes"), "instance"), "{{instance}}")],
        "bytes",
    ),
    Panel(
        "Open files and sockets",
        "Of those that the process may have.",
        [Curve(ratio(chosen("process_open_fds"), chosen("process_max_fds")), "{{instance}}")],
        "percentunit",
    ),
    Panel(
        "Starts in an hour",
        "How often a process was started again.",
        [Curve(f"changes({chosen('process_start_time_seconds')}[1h])", "{{instance}}")],
    ),
)

ROWS: Mapping[str, Sequence[Panel]] = {
    "Intake": INTAKE,
    "Queue": QUEUE,
    "Workers": WORKERS,
    "Webhooks": WEBHOOKS,
    "Store": STORE,
    "Processes": PROCESSES,
}
