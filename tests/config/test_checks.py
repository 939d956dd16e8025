from compliance.certificates.keys import KeyRing, generate_key
from config.checks import check_certificate_keys


def test_a_named_key_file_must_be_able_to_sign(settings, tmp_path):
    assert check_certificate_keys(None) == []
    path = tmp_path / "keys.json"
    settings.CERTIFICATE_KEY_FILE = str(path)
    for content in (None, "no keys", '{"keys": []}', b"\xff"):
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert [found.id for found in check_certificate_keys(None)] == ["config.E003"]
    path.write_text(KeyRing(keys=(generate_key(),)).to_private_text())
    assert check_certificate_keys(None) == []
