import datetime as dt
import re
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from django.utils import timezone

from compliance.services import public_addresses
from compliance.services.webhook_client import (
    KEPT_CHARACTERS,
    InvalidWebhookUrl,
    parse_webhook_url,
    post_message,
)
from compliance.services.webhook_signing import make_headers, make_secret, sign_message
from tests.compliance.receiver import run_receiver

# The sample secret of the Standard Webhooks specification.
PUBLISHED = "whsec_plJ3nmyCDGBKInavdOK15jsl"
DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"


@pytest.fixture
def receiver():
    with run_receiver() as running:
        yield running


def post(url: str, *, allow_private: bool = True, **options):
    return post_message(
        url=url, headers={"webhook-id": "m"}, body=b"{}", allow_private=allow_private, **options
    )


def load_documented_reader():
    """The code that docs/webhooks.md gives to receivers."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    found: dict = {}
    exec(code, found)  # noqa: S102 - that it runs is what we test
    return found["read_webhook"]


def test_the_signature_is_the_one_standard_webhooks_publishes():
    signature = sign_message(
        secret=PUBLISHED, message_id="msg_loFOjxBNrRLzqYUf", timestamp=1731705121,
        body=b'{"event_type":"ping","data":{"success":true}}',
    )  # fmt: skip
    assert signature == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_the_documented_receiver_takes_our_messages_under_either_secret_and_no_others():
    old, new, strange = make_secret(), make_secret(), make_secret()
    body, now = b'{"id":"evt_1"}', timezone.now()
    headers = make_headers(secrets_in_use=[new, old], message_id="evt_1", now=now, body=body)
    read = load_documented_reader()
    assert read(new, headers, body) == read(old, headers, body) == {"id": "evt_1"}
    for secret, sent, content in (
        (strange, headers, body),
        (new, headers, body + b" "),
        (new, headers | {"webhook-id": "evt_2"}, body),
        (new, headers | {"webhook-timestamp": str(int(now.timestamp()) + 1)}, body),
    ):
        with pytest.raises(ValueError, match="not signed"):
            read(secret, sent, content)
    old_headers = make_headers(
        secrets_in_use=[new], message_id="evt_1", now=now - dt.timedelta(hours=1), body=body
    )
    with pytest.raises(ValueError, match="too old"):
        read(new, old_headers, body)


def test_a_message_arrives_with_its_headers_and_path(receiver):
    answer = post(receiver.url)
    assert (answer.status_code, answer.is_success, answer.error) == (204, True, "")
    path, headers, body = receiver.got[0]
    assert (path, body, headers["webhook-id"]) == ("/hooks?x=1", b"{}", "m")
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["content-type"] == "application/json"


def test_a_redirect_is_not_followed(receiver):
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    answer = post(receiver.url)
    assert (answer.status_code, answer.is_success, len(receiver.got)) == (302, False, 1)


def test_only_the_start_of_an_answer_is_read(receiver):
    receiver.status, receiver.body = 500, b"x" * 50_000_000
    answer = post(receiver.url)
    assert (answer.status_code, answer.text) == (500, "x" * KEPT_CHARACTERS)
    assert answer.duration_ms < 5000


@pytest.mark.parametrize(
    "drip", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "]
)
def test_a_receiver_that_drips_is_left_when_the_time_is_over(drip):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(drip)
                while not stopped.wait(0.05):
                    try:
                        connection.sendall(b"x" if drip else b"")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        started = time.monotonic()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_s=0.4)
        took_s = time.monotonic() - started
        stopped.set()
        thread.join()
    assert took_s < 2
    assert not answer.is_success
    assert "within 0.4 s" in answer.error


def test_nobody_there_is_an_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    answer = post(f"http://127.0.0.1:{port}/")
    assert (answer.status_code, answer.is_success) == (None, False)
    assert "refused" in answer.error


def test_garbage_is_an_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"this is no HTTP\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert "BadStatusLine" in answer.error


def test_a_private_receiver_is_not_even_connected_to(receiver):
    url = receiver.url.replace("http:", "https:").replace("127.0.0.1", "localhost.example")
    answer = post(url, allow_private=False)
    assert not answer.is_success
    assert not receiver.got


def test_a_name_is_resolved_once_and_that_address_is_connected_to(receiver, monkeypatch):
    """A name that turns private after it was checked (DNS rebinding) changes nothing."""
    asked = []

    def resolve(host, port, **kwargs):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(public_addresses.socket, "getaddrinfo", _only_for("hooks.example", resolve))
    answer = post(f"http://hooks.example:{receiver.port}/x")
    assert answer.is_success
    assert asked == ["hooks.example"]
    assert receiver.got[0][1]["host"] == f"hooks.example:{receiver.port}"


def _only_for(name, resolve):
    original = socket.getaddrinfo
    return lambda host, *rest, **options: (
        resolve(host, *rest, **options) if host == name else original(host, *rest, **options)
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/", "ftp://hooks.example/", "hooks.example", "https://", "https://a:b@hooks.example/",
        "https://hooks.example/#x", "https://127.0.0.1/", "https://[::1]/", "https://[64:ff9b::7f00:1]/", "https://10.1.2.3/",
        "https://localhost/", "https://sub.localhost./", "https://hooks.example:99999/", "https://hooks.example:0/",
        "https://hooks.example/a b", "https://hooks.example\r\nX: y", "https://hööks.example/", "https://8.8.8.8\\@10.0.0.1/",
    ],
)  # fmt: skip
def test_an_address_that_nothing_may_be_sent_to_is_refused(url):
    with pytest.raises(InvalidWebhookUrl):
        parse_webhook_url(url, allow_private=False)


def test_a_good_address_is_taken_apart():
    target = parse_webhook_url("https://hooks.example:8443/a?b=c", allow_private=False)
    assert (target.is_tls, target.host, target.port, target.path) == (
        True,
        "hooks.example",
        8443,
        "/a?b=c",
    )
    assert parse_webhook_url("https://hooks.example", allow_private=False).path == "/"


def test_tls_speaks_the_name_and_refuses_another_ones_certificate(tmp_path, monkeypatch):
    certificate = make_certificate(tmp_path, "hooks.example")
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))

    def resolve(host, port, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with run_receiver(tls=server_tls) as receiver:
        for name in ("hooks.example", "other.example"):
            monkeypatch.setattr(public_addresses.socket, "getaddrinfo", _only_for(name, resolve))
            answer = post(f"https://{name}:{receiver.port}/", tls=trusting)
            assert answer.is_success == (name == "hooks.example"), answer
        assert "CERTIFICATE_VERIFY_FAILED" in answer.error
        assert len(receiver.got) == 1


def make_certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate and its key in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
