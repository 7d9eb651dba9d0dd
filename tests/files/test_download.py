"""Downloads: complete and checked, or not there, with a line that says what to do."""

import hashlib
import io

import pytest
import requests

from errors import InputError
from files.checksum import sha256_of
from files.download import check_sha256, fetch

URL = "https://example.org/model.h5"
CONTENT = b"weights" * 100_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch):
    """Answers every request with `content`, or raises that, or sends on to another `address`."""
    answer = {"content": CONTENT, "address": None, "status": 200}

    def send(_, request, **options):
        assert options["timeout"] == 30
        if isinstance(answer["content"], Exception):
            raise answer["content"]
        response = requests.Response()
        response.request, response.url = request, request.url
        response.status_code = answer["status"]
        response.raw = io.BytesIO(answer["content"])
        if answer["address"] and request.url == URL:
            response.status_code = 302
            response.headers["location"] = answer["address"]
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
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
    server["content"] = requests.ConnectionError("no route to host")
    with pytest.raises(InputError) as caught:
        fetch(URL, tmp_path / "model.h5", SHA256)
    for part in ("model.h5", "no route to host", URL, str(tmp_path / "model.h5"), "by hand"):
        assert part in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_plain_http_is_refused(tmp_path, server):
    with pytest.raises(ValueError, match="https"):
        fetch("http://example.org/model.h5", tmp_path / "model.h5")
    server["address"] = "https://mirror.example.org/model.h5"
    fetch(URL, tmp_path / "model.h5", SHA256)
    (tmp_path / "model.h5").unlink()
    server["address"] = "http://example.org/model.h5"
    with pytest.raises(InputError, match="http://example.org/model.h5, which is not https"):
        fetch(URL, tmp_path / "model.h5")
    assert not list(tmp_path.iterdir())


def test_a_page_that_says_not_found_is_no_file(tmp_path, server):
    server["status"] = 404
    with pytest.raises(InputError, match="404 .*by hand"):
        fetch(URL, tmp_path / "model.h5")
    assert not list(tmp_path.iterdir())


def test_checksums_of_files_at_hand(tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    check_sha256(tmp_path / "file", SHA256)
    check_sha256(tmp_path / "file", SHA256[:8].upper())
    with pytest.raises(InputError, match=SHA256):
        check_sha256(tmp_path / "file", "0" * 64)
