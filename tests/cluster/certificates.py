"""Certificates for tests, made by the commands of docs/cluster.md."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tui_gen.config.cluster_settings import TlsFiles

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
EXTENSIONS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nbasicConstraints=critical,CA:FALSE\n"


def authority(folder: Path, name: str = "ca") -> Path:
    """Make the certificate of an authority, and its key beside it; return the certificate."""
    certificate = folder / f"{name}.pem"
    names = ("-keyout", str(folder / f"{name}.key"), "-out", str(certificate))
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl("req", "-x509", *CURVE, "-days", "2", "-subj", f"/CN={name}", *usage, *names)
    return certificate


def signed(ca: Path, name: str) -> TlsFiles:
    """Make a certificate that an authority has signed, beside that of the authority."""
    key, request, certificate = (str(ca.parent / f"{name}.{kind}") for kind in ("key", "csr", "pem"))
    extensions = ca.parent / "box.ext"
    extensions.write_text(EXTENSIONS, encoding="ascii")
    _openssl("req", *CURVE, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
    of_authority = ("-CA", str(ca), "-CAkey", str(ca.with_suffix(".key")), "-CAcreateserial")
    options = ("-days", "2", "-extfile", str(extensions))
    _openssl("x509", "-req", "-in", request, *of_authority, *options, "-out", certificate)
    return TlsFiles(str(ca), certificate, key)


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
