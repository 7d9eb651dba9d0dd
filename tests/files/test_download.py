"""Downloads: complete and checked, or not there, with a line that says what to do."""

import hashlib
import io
import urllib.error

import pytest

from errors import InputError
from files.checksum import sha256_of
from files.download import check_sha256, fetch

URL = "https://example.org/model.h5"
CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch):
    """Answers every request with `CONTENT`, or with what a test puts in place of it."""
    answer = {"content": CONTENT}

    def urlopen(request, timeout):
        assert request.full_url == URL
        if isinstance(answer["content"], Exception):
            raise answer["content"]
        return io.BytesIO(answer["content"])

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    return answer


def test_a_file_is_fetched_and_checked(tmp_path, server):
    fetch(URL, tmp_path / "deep" / "model.h5", SHA256.upper())
    assert sha256_of(tmp_path / "deep" / "model.h5") == SHA256


def test_a_wrong_file_is_not_kept(tmp_path, server):
    server["content"] = b"<html>Sign in</html>"
    with pytest.raises(InputError, match="not the expected file: SHA-256"):
        fetch(URL, tmp_path / "model.h5", SHA256)
    assert not list(tmp_path.iterdir())


def test_without_a_network_the_line_says_where_to_put_the_file(tmp_path, server):
    server["content"] = urllib.error.URLError("no route to host")
    with pytest.raises(InputError) as caught:
        fetch(URL, tmp_path / "model.h5", SHA256)
    for part in ("model.h5", "no route to host", URL, str(tmp_path / "model.h5"), "by hand"):
        assert part in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_plain_http_is_refused(tmp_path, server):
    with pytest.raises(ValueError, match="https"):
        fetch("http://example.org/model.h5", tmp_path / "model.h5")


def test_checksums_of_files_at_hand(tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    check_sha256(tmp_path / "file", SHA256)
    with pytest.raises(InputError, match=SHA256):
        check_sha256(tmp_path / "file", "0" * 64)
