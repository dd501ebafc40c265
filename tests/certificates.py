"""A certificate authority of the tests' own, and what it signs for localhost: the one maker for all tests.

The simulated org makes its own (`agent/simulator/api/certificate.py`), as it does where there are no tests.
`python -m tests.certificates FOLDER` writes the files for servers that a script starts.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOSTS: dict[str, tuple[str, list[x509.GeneralName]]] = {
    "server": ("localhost", [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
    "client": ("agent", [x509.DNSName("agent")]),
}
"""Whom certificates are for: their common name, and the names they are good for."""


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
    """Write `ca.pem`, and `.pem` and `.key` of `server` and `client`; servers of one folder share what is there."""
    certificates = Certificates(
        folder / "ca.pem", folder / "server.pem", folder / "server.key", folder / "client.pem", folder / "client.key"
    )
    if certificates.ca.exists():
        return certificates
    authority_key, authority = ec.generate_private_key(ec.SECP256R1()), _name("Test CA")
    _write_certificate(certificates.ca, _root(authority, authority_key), authority_key)
    for host, certificate, key_file in (
        ("server", certificates.server, certificates.server_key),
        ("client", certificates.client, certificates.client_key),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        _write_certificate(certificate, _leaf(host, key, authority, authority_key), authority_key)
        key_file.write_bytes(_private_pem(key))
    return certificates


def _root(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=False, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(usage, critical=True)


def _leaf(
    host: str, key: ec.EllipticCurvePrivateKey, authority: x509.Name, authority_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    common_name, names = HOSTS[host]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = _builder(_name(common_name), authority, key)
    for extension in (x509.SubjectAlternativeName(names), usage, issuer):
        builder = builder.add_extension(extension, critical=False)
    return builder


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    """Good from yesterday, so that a clock that is a little behind does no harm, for a month."""
    now = dt.datetime.now(dt.UTC)
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(),
        now - dt.timedelta(days=1), now + dt.timedelta(days=30),
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)  # fmt: skip


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write_certificate(path: Path, builder: x509.CertificateBuilder, signing_key: ec.EllipticCurvePrivateKey) -> None:
    certificate = builder.sign(signing_key, hashes.SHA256())
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    none = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)


if __name__ == "__main__":
    make_certificates(Path(sys.argv[1]))
