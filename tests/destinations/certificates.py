"""A certificate authority of the tests' own, and certificates for localhost."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Certificates:
    """PEM files: `ca`, and certificate and key for the server and for a client."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    def server_context(self, *, demands_certificate: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.server_key)
        if demands_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context


def make_certificates(folder: Path) -> Certificates:
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("Test CA")
    authority = _builder(name, name, key).add_extension(x509.BasicConstraints(True, 0), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    root = authority.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    made = {"ca": _write(folder / "ca.pem", root.public_bytes(serialization.Encoding.PEM))}
    for who in ("server", "client"):
        own = ec.generate_private_key(ec.SECP256R1())
        leaf = _leaf(who, own, root).sign(key, hashes.SHA256())
        made[who] = _write(folder / f"{who}.pem", leaf.public_bytes(serialization.Encoding.PEM))
        made[f"{who}_key"] = _write(folder / f"{who}.key", _private(own))
    return Certificates(**made)


def _leaf(who: str, key: ec.EllipticCurvePrivateKey, root: x509.Certificate) -> x509.CertificateBuilder:
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        if who == "server"
        else [x509.DNSName("agent")]
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())  # type: ignore[arg-type]
    builder = _builder(_name("agent" if who == "client" else "localhost"), root.subject, key)
    for extension in (names, usage, issuer):
        builder = builder.add_extension(extension, critical=False)
    return builder


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(),
        now - dt.timedelta(days=1), now + dt.timedelta(days=30),
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)  # fmt: skip


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    none = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
