"""Every setting, its default and its meaning. `docs/configuration.md` is generated from this file.

Each setting is an environment variable, `NOVA_` and the field's name in capitals, the same for all commands. An empty
variable is one that is not set.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, FilePath, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network
Address = Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")]
StoreUrl = Annotated[str, Field(pattern=r"^sqlite\+aiosqlite:///[^:]")]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$")]
GrpcAddress = Annotated[str, Field(pattern=r"^(\S+:\d{1,5}|unix:\S+)$")]


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
        description="URL of the store: `sqlite+aiosqlite:///` and a path. Default: `nova.sqlite3` in the data folder.",
    )
    grpc_address: GrpcAddress = Field("127.0.0.1:50051", description="Host and port where the gRPC api listens.")
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
    metrics_address: Address = Field("127.0.0.1:9464", description="Host and port of the Prometheus metrics.")
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

    @property
    def store_url(self) -> str:
        """Return the SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'nova.sqlite3'}"
