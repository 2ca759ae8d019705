"""The pages that the gateway serves by itself: the API page, and the OpenAPI document that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
SCALAR = "scalar.js.gz"

# What these pages may load: nothing from anywhere else. Scalar makes its styles, and pictures in them, as it runs.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A file and the path that it is served at, with its media type and, if it needs any, more headers."""

    path: str
    source: Path
    content_type: str
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The file's name beside the configuration."""
        return self.source.name

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer."""
        return {"content-type": self.content_type, **_HEADERS, **self.more}


PAGES = (
    Page("/openapi.json", FOLDER.parent / "generated/openapi.json", "application/json"),
    Page("/docs", FOLDER / "docs.html", "text/html; charset=utf-8"),
    Page("/docs/docs.js", FOLDER / "docs.js", "text/javascript; charset=utf-8"),
    Page("/docs/docs.css", FOLDER / "docs.css", "text/css; charset=utf-8"),
    # Kept compressed, because it is served in no other way: every browser takes gzip.
    Page("/docs/scalar.js", FOLDER / SCALAR, "text/javascript; charset=utf-8", {"content-encoding": "gzip"}),
)
