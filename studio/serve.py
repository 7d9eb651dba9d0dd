"""`--gui`: check the flags, load the first weights, and listen until Ctrl-C."""

import errno
import ipaddress
import os
import signal
import socket
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from command_line.options import Options
from errors import InputError
from studio.actions import Studio
from studio.sketch import MEGABYTE, Limits
from studio.weights import Weights, device_name

# Gradio's own, of about 0.1 MB; the work is in ours, so those that it forgets are not missed.
GRADIO_SESSIONS = 200
SWEEP_SECONDS = 20
FAVICON = Path(__file__).with_name("assets") / "icon.svg"


def gui(options: Options) -> int:
    """Serve the studio; returns 0 after Ctrl-C. Raises InputError."""
    if find_spec("gradio") is None:
        raise InputError("--gui needs gradio: pip install -r requirements-extra.txt")
    auth = _auth(options.auth)
    if auth is None and not is_loopback(options.host):
        print(
            f"warning: listening on {options.host} without --auth: whoever reaches this machine "
            "can use it",
            file=sys.stderr,
        )
    with tempfile.TemporaryDirectory(prefix="tag2pix_studio_") as folder:
        studio = Studio(
            Weights(options),
            Limits(options.max_megapixels, options.max_upload),
            Path(folder),
        )
        app = launch(studio, options.host, options.port, auth)
        device = device_name(studio.weights.device)
        print(f"weights: {', '.join(studio.weights.paths)}; painting on {device}")
        print(f"Tag2Pix studio: {app.local_url} (Ctrl-C ends it)", flush=True)
        try:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            while True:
                time.sleep(SWEEP_SECONDS)
                studio.sessions.sweep()
        except KeyboardInterrupt:
            print("the studio is closed")
        finally:
            studio.sessions.close()
            app.close(verbose=False)
    return 0


def launch(studio: Studio, host: str, port: int, auth: tuple[str, str] | None):
    """Build the app and listen in the background; returns the gradio.Blocks.

    Raises InputError where it cannot listen.
    """
    # Read when gradio is imported and when its components are made.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(studio.cache)
    check_address(host, port)
    from studio.page import EXAMPLES, build, theme
    from studio.widgets import ASSETS, SMALLER_PAGE

    app = build(studio)
    app.launch(
        server_name=host,
        server_port=port,
        auth=auth,
        max_file_size=int(studio.limits.megabytes * MEGABYTE),
        allowed_paths=[str(EXAMPLES), str(studio.sessions.root)],
        favicon_path=FAVICON,
        theme=theme(),
        css_paths=ASSETS / "style.css",
        js=(ASSETS / "page.js").read_text(encoding="utf-8"),
        app_kwargs={"middleware": [SMALLER_PAGE]},
        footer_links=["api"],
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        enable_monitoring=False,
        state_session_capacity=GRADIO_SESSIONS,
    )
    return app


def check_address(host: str, port: int) -> None:
    """Raises InputError where nobody can listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"port {port} is taken: choose another with --port") from error
        raise InputError(f"cannot listen on {host}, port {port}: {error.strerror}") from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _auth(text: str) -> tuple[str, str] | None:
    if not text:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise InputError("--auth is user:password")
    return user, password
