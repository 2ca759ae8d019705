"""Every setting, its default and its meaning. `docs/configuration.md` is generated from this file.

Each setting is an environment variable, `NOVA_` and the field's name in capitals, the same for all commands. An empty
variable is one that is not set.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, FilePath, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _without_driver(value: object) -> object:
    """Read a URL of SQLAlchemy, which names the driver, as one of libpq."""
    return value.replace("postgresql+asyncpg://", "postgresql://", 1) if isinstance(value, str) else value


Network = IPv4Network | IPv6Network
Address = Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")]
PostgresqlUrl = Annotated[str, BeforeValidator(_without_driver), Field(pattern=r"^postgres(ql)?://[^\s]+$")]
StoreUrl = Annotated[
    str, BeforeValidator(_without_driver), Field(pattern=r"^(sqlite\+aiosqlite:///[^:]|postgres(ql)?://[^\s])")
]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$")]
GrpcAddress = Annotated[str, Field(pattern=r"^(\S+:\d{1,5}|unix:\S+)$")]


class Role(StrEnum):
    """A kind of work that a process may do."""

    API = "api"  # answers gRPC calls, and REST through Envoy
    WORKER = "worker"  # reads and scores
    DISPATCHER = "dispatcher"  # delivers webhooks
    SWEEPER = "sweeper"  # rescues what dead processes had begun, and measures the queues


def _is_shared(database_url: str | None) -> bool:
    """Tell whether several processes may use a store at once. Without a URL it is a SQLite file."""
    return database_url is not None and not database_url.startswith("sqlite")


def _split(value: object) -> object:
    """Read a comma-separated list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """The settings of one process."""

    model_config = SettingsConfigDict(env_prefix="NOVA_", frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(Path("./data"), description="Folder of the SQLite file and of documents being read.")
    database_url: StoreUrl | None = Field(
        None,
        repr=False,
        description="URL of the store: `sqlite+aiosqlite:///` and a path, or "
        "`postgresql://user:password@host/database` with options as libpq has them, such as `?sslmode=verify-full`. "
        "Default: `nova.sqlite3` in the data folder.",
    )
    database_listen_url: PostgresqlUrl | None = Field(
        None,
        repr=False,
        description="URL of the same PostgreSQL database for the one connection that listens to other processes: of "
        "the server itself, not of a pooler. Default: `NOVA_DATABASE_URL`, unless "
        "`NOVA_DATABASE_TRANSACTION_POOLING` is set. Without it the news of other processes is found by looking once a "
        "second.",
    )
    database_transaction_pooling: bool = Field(
        False,
        description="Whether `NOVA_DATABASE_URL` leads to a pooler, such as PgBouncer, that gives out a connection for "
        "one transaction. Statements are then not prepared in advance.",
    )
    database_write_connections: int = Field(
        4, ge=1, description="Connections of one process to PostgreSQL that write: transactions that run at once."
    )
    database_read_connections: int = Field(4, ge=1, description="Connections of one process to PostgreSQL that read.")
    database_connect_timeout_seconds: float = Field(
        5, gt=0, description="Time to wait for a connection to PostgreSQL, new or from the pool."
    )
    database_statement_timeout_seconds: float = Field(
        10,
        gt=0,
        description="Time after which PostgreSQL ends a statement, or a transaction that is waiting for its next one.",
    )
    database_lock_timeout_seconds: float = Field(
        5, gt=0, description="Time after which PostgreSQL ends a statement that waits for a lock."
    )
    roles: Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_split)] = Field(
        tuple(Role),
        min_length=1,
        description="Comma-separated list of what the process does: `api` answers calls, `worker` scores, `dispatcher` "
        "delivers webhooks, `sweeper` rescues what dead processes had begun. On SQLite one process does all.",
    )
    grpc_address: GrpcAddress = Field("127.0.0.1:50051", description="Host and port where the gRPC api listens.")
    grpc_reuse_port: bool = Field(
        False,
        description="Whether the gRPC api shares its port with other processes of this machine that do so too. "
        "The kernel spreads connections over them.",
    )
    grpc_tls_certificate: FilePath | None = Field(
        None, description="PEM file of the certificate that the gRPC api shows. Without one it speaks without TLS."
    )
    grpc_tls_key: FilePath | None = Field(
        None, validate_default=True, description="PEM file of the private key of that certificate."
    )
    grpc_tls_client_ca: FilePath | None = Field(
        None, description="PEM file of the authority whose certificates callers of the gRPC api have to show."
    )
    rest_address: Address = Field("127.0.0.1:8080", description="Host and port where the REST gateway listens.")
    rest_cors_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split)] = Field(
        (),
        description="Comma-separated origins, such as `https://app.example.com`, whose pages may call the REST gateway "
        "from a browser.",
    )
    gateway: bool = Field(
        True, description="Whether Envoy is run for REST. Not needed where another Envoy calls the gRPC api."
    )
    metrics_address: Address = Field(
        "127.0.0.1:9464",
        description="Host and port of the Prometheus metrics, and of `/healthz` for orchestrators. Of several "
        "`NOVA_WORKERS`, those of the first: each of the others has the next port.",
    )
    workers: int = Field(
        1,
        ge=1,
        description="Processes that `nova serve` or `nova worker` runs on this machine, each with all of its roles. "
        "More than one need PostgreSQL.",
    )
    allow_networks: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)] = Field(
        (),
        description="Comma-separated CIDR list of networks into which URLs may resolve although they are not public, "
        "and where plain http is accepted. For development.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = Field(
        "info", description="Lowest level that is logged: debug, info, warning or error."
    )
    reflection: bool = Field(True, description="Whether the gRPC api describes itself to tools such as grpcurl.")
    default_deadline_seconds: float = Field(
        30, gt=0, description="Time given to a unary call that brings no deadline, or a longer one."
    )
    shutdown_grace_seconds: float = Field(
        20, gt=0, description="Time that running calls and jobs are given to end after SIGTERM."
    )
    worker_concurrency: int = Field(16, ge=1, description="Scoring jobs that one process works on at once.")
    worker_processes: int = Field(2, ge=1, description="Child processes that read documents and run the local scorer.")
    tenant_in_flight_limit: int = Field(
        8, ge=1, description="Scoring jobs of one tenant that are worked on at once, over all processes."
    )
    webhook_concurrency: int = Field(256, ge=1, description="Webhooks that one process delivers at once.")
    webhook_endpoint_in_flight_limit: int = Field(
        32, ge=1, description="Webhooks that are delivered to one endpoint at once, over all processes."
    )
    max_starts: int = Field(
        5, ge=1, description="Times a scoring job is started before it fails as TASK_STUCK or MAX_RETRIES_EXCEEDED."
    )
    lease_seconds: float = Field(
        30, gt=0, description="Time after which a job whose process went silent is given to another."
    )
    heartbeat_seconds: float = Field(10, gt=0, description="Time between two renewals of a lease.")
    sweep_seconds: float = Field(10, gt=0, description="Time between two searches for ended leases.")
    store_busy_timeout_seconds: float = Field(
        5, gt=0, description="Time to wait for a locked SQLite file before answering SERVICE_UNAVAILABLE."
    )

    @field_validator("grpc_tls_key")
    @classmethod
    def _belongs_to_a_certificate(cls, key: Path | None, others: ValidationInfo) -> Path | None:
        if (key is None) != (others.data.get("grpc_tls_certificate") is None):
            raise ValueError("a certificate and its key come together")
        return key

    @field_validator("grpc_tls_client_ca")
    @classmethod
    def _needs_a_certificate(cls, authority: Path | None, others: ValidationInfo) -> Path | None:
        if authority is not None and others.data.get("grpc_tls_certificate") is None:
            raise ValueError("callers can only be asked for a certificate when the api shows one")
        return authority

    @field_validator("roles")
    @classmethod
    def _fit_the_store(cls, roles: tuple[Role, ...], others: ValidationInfo) -> tuple[Role, ...]:
        if set(roles) != set(Role):
            _require_shared_store(others)
        return roles

    @field_validator("workers")
    @classmethod
    def _can_share(cls, workers: int, others: ValidationInfo) -> int:
        if workers > 1:
            _require_shared_store(others)
            if others.data.get("grpc_address", "").startswith("unix:"):
                raise ValueError("several processes can share a port, and not the unix socket of NOVA_GRPC_ADDRESS")
        return workers

    @property
    def store_is_shared(self) -> bool:
        """Tell whether other processes may use the store at the same time."""
        return _is_shared(self.database_url)

    @property
    def runs_gateway(self) -> bool:
        """Tell whether Envoy is run: where the api is, unless that is not wanted."""
        return self.gateway and Role.API in self.roles

    @property
    def listen_url(self) -> str | None:
        """Return the URL of the connection that listens to other processes, or None when there is none."""
        if not self.store_is_shared:
            return None
        return self.database_listen_url or (None if self.database_transaction_pooling else self.store_url)

    @property
    def store_url(self) -> str:
        """Return the URL of the store: SQLAlchemy's of a SQLite file, libpq's of a PostgreSQL database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'nova.sqlite3'}"


def _require_shared_store(others: ValidationInfo) -> None:
    """Raise ValueError when the store is a SQLite file. One that is itself at fault is told of by its own setting."""
    if not _is_shared(others.data.get("database_url", "at fault")):
        raise ValueError(
            "several processes need a store that they can share: set NOVA_DATABASE_URL to that of a PostgreSQL. "
            "On SQLite one process does everything"
        )
