"""`--gui`: check the flags, load the first weights, and listen until Ctrl-C."""

import ipaddress
import os
import signal
import sys
import tempfile
import time
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from command_line.options import Options
from errors import InputError
from studio.actions import Studio
from studio.sketch import MEGABYTE, Limits
from studio.weights import Weights, device_name

SESSIONS = 2000
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
        device = device_name(studio.weights.colorist("").device)
        print(f"weights: {', '.join(studio.weights.paths)}; painting on {device}")
        print(f"Tag2Pix studio: {app.local_url} (Ctrl-C ends it)", flush=True)
        try:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            while True:
                time.sleep(SWEEP_SECONDS)
                forget_calls(app.state_holder)
        except KeyboardInterrupt:
            print("the studio is closed")
        finally:
            app.close(verbose=False)
    return 0


def launch(studio: Studio, host: str, port: int, auth: tuple[str, str] | None):
    """Build the app and listen in the background; returns the gradio.Blocks.

    Raises InputError when the port is taken.
    """
    # Read when gradio is imported and when its components are made.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(studio.cache)
    from studio.page import ASSETS, EXAMPLES, build, theme

    app = build(studio)
    try:
        app.launch(
            server_name=host,
            server_port=port,
            auth=auth,
            max_file_size=int(studio.limits.megabytes * MEGABYTE),
            allowed_paths=[str(EXAMPLES)],
            favicon_path=FAVICON,
            theme=theme(),
            css_paths=ASSETS / "style.css",
            js=(ASSETS / "page.js").read_text(encoding="utf-8"),
            footer_links=["api"],
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
            enable_monitoring=False,
            state_session_capacity=SESSIONS,
        )
    except OSError as error:
        if "empty port" not in str(error):
            raise
        raise InputError(f"port {port} is taken: choose another with --port") from error
    return app


def forget_calls(holder) -> None:
    """Drop the idle sessions of a gradio StateHolder that hold no pictures.

    Gradio makes a session of about 0.1 MB for every API call that names none, and keeps it.
    """
    now = datetime.now()
    for name, used in list(holder.time_last_used.items()):
        session = holder.session_data.get(name)
        if (now - used).total_seconds() > SWEEP_SECONDS and not (session and session.state_data):
            with holder.lock:
                holder.session_data.pop(name, None)
                holder.time_last_used.pop(name, None)


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
