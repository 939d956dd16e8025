import io

import pytest
from django.core.management import CommandError, call_command

from compliance.certificates.certificate import sign_certificate
from compliance.services.signing_keys import load_keys
from tests.compliance.certificates.samples import make_certificate


@pytest.fixture
def token(now) -> str:
    certificate = make_certificate(
        issued_at=now, valid_from=now, valid_to=now.replace(year=now.year + 1)
    )
    return sign_certificate(certificate=certificate, keys=load_keys())


def verify(*args, **options) -> str:
    out = io.StringIO()
    call_command("verify_certificate", *map(str, args), stdout=out, **options)
    return out.getvalue()


def test_the_token_may_be_given_itself_and_needs_no_database(token):
    printed = verify(token)  # pytest-django refuses database access here
    assert printed.endswith("VALID\n")
    assert "drums (A-1/1)" in printed
    assert "not checked: download https://cleartone.example" in printed


def test_an_altered_token_is_refused(token):
    with pytest.raises(CommandError, match="INVALID"):
        verify(token[:-5] + "AAAAA")


@pytest.mark.parametrize("option", ["audio", "jwks", "status_list"])
def test_a_file_that_is_not_there_is_named(token, tmp_path, option):
    with pytest.raises(CommandError, match=r"nothing\.here cannot be read"):
        verify(token, **{option: tmp_path / "nothing.here"})


def test_what_is_no_key_set_and_no_list_is_refused(token, tmp_path):
    (tmp_path / "wrong").write_text("{}")
    for option, message in (
        ("jwks", "INVALID: "),
        ("status_list", "INVALID STATUS LIST .*wrong: "),
    ):
        with pytest.raises(CommandError, match=message):
            verify(token, **{option: tmp_path / "wrong"})
    with pytest.raises(CommandError, match="cannot be read"):
        verify(tmp_path / "no-token")
