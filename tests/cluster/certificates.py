"""Certificates for tests: an authority of one's own, and certificates that it has signed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tui_gen.config.cluster_settings import TlsFiles


def authority(folder: Path, name: str = "ca") -> Path:
    """Make the certificate of an authority, and its key beside it; return the certificate."""
    certificate = folder / f"{name}.pem"
    _openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", f"/CN={name}", "-days", "2",
        "-keyout", str(folder / f"{name}.key"), "-out", str(certificate),
    )  # fmt: skip
    return certificate


def signed(ca: Path, name: str) -> TlsFiles:
    """Make a certificate that an authority has signed, beside that of the authority."""
    folder = ca.parent
    key, request, certificate = (folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
    _openssl(
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request),
    )  # fmt: skip
    _openssl(
        "x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca.with_suffix(".key")),
        "-CAcreateserial", "-days", "2", "-out", str(certificate),
    )  # fmt: skip
    return TlsFiles(str(ca), str(certificate), str(key))


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
