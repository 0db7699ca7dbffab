"""The certificate that a gateway makes for itself."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
import ssl
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from .enphase_jwt import new_key


class SelfSigned:
    """A server context whose certificate can be replaced while it is in use."""

    def __init__(self, serial: str) -> None:
        """Make the first certificate of this gateway."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        # A resumed session would still show the old certificate.
        self.context.num_tickets = 0
        self.fingerprint = ""
        self.renew(serial)

    def renew(self, serial: str) -> str:
        """Make another certificate for the connections to come, and give its SHA-256 fingerprint."""
        key, now = new_key(), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"envoy-{serial}")])
        names = x509.SubjectAlternativeName([x509.DNSName("envoy.local"), x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3650))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(names, critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(Encoding.PEM)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with TemporaryDirectory() as folder:
            path = Path(folder, "chain.pem")
            path.write_bytes(secret + pem)
            self.context.load_cert_chain(path)
        self.fingerprint = sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
        return self.fingerprint
