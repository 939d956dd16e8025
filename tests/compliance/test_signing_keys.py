import threading

import pytest

from compliance.certificates.keys import InvalidKeys, KeyRing, generate_key
from compliance.services.signing_keys import RotationRunning, get_key_path, load_keys, rotate_keys


def test_processes_that_start_at_once_use_one_key():
    kids, barrier = [], threading.Barrier(8)

    def load() -> None:
        barrier.wait()
        kids.append(load_keys().signing_key.kid)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(kids), len(set(kids))) == (8, 1)
    assert [path.name for path in get_key_path().parent.iterdir()] == ["certificates.json"]


def test_a_rotation_signs_anew_and_keeps_the_old_key_public():
    old = load_keys().signing_key
    ring = rotate_keys()
    assert load_keys().to_public_json() == ring.to_public_json()
    assert [key.is_private for key in load_keys().keys] == [True, False]
    assert load_keys().keys[1].kid == old.kid
    assert get_key_path().stat().st_mode & 0o777 == 0o600


def test_two_rotations_at_once_are_refused():
    load_keys()
    draft = get_key_path().with_name("certificates.json.new")
    draft.touch()
    with pytest.raises(RotationRunning):
        rotate_keys()
    assert draft.exists()  # another one's


def test_a_file_that_was_named_is_used_and_never_made(settings, tmp_path):
    path = tmp_path / "mounted.json"
    settings.CERTIFICATE_KEY_FILE = str(path)
    with pytest.raises(FileNotFoundError):
        load_keys()
    ring = KeyRing(keys=(generate_key(),))
    path.write_text(ring.to_private_text())
    assert load_keys().signing_key.kid == ring.signing_key.kid
    path.write_text("no keys")
    with pytest.raises(InvalidKeys):
        load_keys()


def test_a_rotation_makes_the_named_file_if_it_is_not_there(settings, tmp_path):
    settings.CERTIFICATE_KEY_FILE = str(tmp_path / "mounted.json")
    assert rotate_keys().signing_key.kid == load_keys().signing_key.kid
