"""Who signs content credentials: a real certificate chain by settings, else one for tests, made once."""

import datetime as dt
import hashlib
import os
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from compliance.certificates.content_credentials import SignerFiles

FOLDER = "keys"
TEST_FILE = "content-credentials-test.pem"
# How long the test chain is valid: long, as nobody trusts it anyway.
TEST_YEARS = 10
# Names that C2PA has for ECDSA by curve. Source: C2PA specification 2.2, section 13.2.
CURVE_ALGORITHMS = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


class InvalidSigner(Exception):
    """The configured certificate chain or key cannot sign content credentials."""


def uses_test_signer() -> bool:
    """Tell whether songs are signed with the chain that nobody trusts."""
    return not (settings.C2PA_CERTIFICATE_FILE or settings.C2PA_KEY_FILE)


def load_signer() -> SignerFiles:
    """Return who signs; without settings the first call ever makes a chain for tests.

    Raises
    ------
    InvalidSigner : if the configured files do not hold a chain and the private key of its first certificate
    """
    if uses_test_signer():
        path = Path(settings.DATA_DIR) / FOLDER / TEST_FILE
        if not path.exists():
            _create_test_chain(path)
        chain = key = path.read_bytes()
    elif not (settings.C2PA_CERTIFICATE_FILE and settings.C2PA_KEY_FILE):
        raise InvalidSigner("set both C2PA_CERTIFICATE_FILE and C2PA_KEY_FILE, or neither")
    else:
        try:
            chain = Path(settings.C2PA_CERTIFICATE_FILE).read_bytes()
            key = Path(settings.C2PA_KEY_FILE).read_bytes()
        except OSError as error:
            raise InvalidSigner(str(error)) from error
    return _read_signer(chain=chain, key=key)


def compute_signer_sha256(signer: SignerFiles) -> str:
    """Return the digest of the signing certificate: another one signs anew."""
    leaf = x509.load_pem_x509_certificates(signer.chain_pem.encode())[0]
    return hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).hexdigest()


def _read_signer(*, chain: bytes, key: bytes) -> SignerFiles:
    try:
        certificates = x509.load_pem_x509_certificates(chain)
        private_key = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise InvalidSigner(f"not a PEM chain and an unencrypted PEM key: {error}") from error
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        algorithm = CURVE_ALGORITHMS.get(private_key.curve.name, "")
    else:
        algorithm = "ed25519" if isinstance(private_key, ed25519.Ed25519PrivateKey) else ""
    if not algorithm:
        raise InvalidSigner("the key must be ECDSA (P-256, P-384, P-521) or Ed25519")
    if certificates[0].public_key() != private_key.public_key():
        raise InvalidSigner("the key is not the one of the first certificate in the chain")
    if certificates[0].issuer == certificates[0].subject:
        raise InvalidSigner("the signing certificate must not be self-signed")
    pem = serialization.Encoding.PEM
    return SignerFiles(
        chain_pem="".join(each.public_bytes(pem).decode() for each in certificates),
        key_pem=private_key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        algorithm=algorithm,
    )


def _create_test_chain(path: Path) -> None:
    """Make key and chain in one file; of several processes that try, one succeeds and the others use its file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_make_test_chain())
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _make_test_chain() -> bytes:
    """Return key, leaf and root as PEM; the root's key is forgotten, so nothing else can ever be signed with it."""
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, leaf_name = (_name(f"Cleartone test {part}") for part in ("root", "signer"))
    root = (
        _start_certificate(subject=root_name, issuer=root_name, key=root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _start_certificate(subject=leaf_name, issuer=root_name, key=leaf_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = leaf_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + leaf.public_bytes(pem) + root.public_bytes(pem)


def _start_certificate(
    *, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins.replace(year=begins.year + TEST_YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cleartone test: do not trust"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
