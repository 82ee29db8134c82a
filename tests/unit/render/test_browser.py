"""The page in a real browser: no error, no request, nothing wider than a small screen.

Chromium is needed (Debian's package ``chromium``). Without it these tests fail, unless PAVEDROAD_NO_BROWSER=1 says
that there is none on purpose.
"""

import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from hostile_text import HOSTILE

from pavedroad.render.html import to_html

_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        os.environ.get("PAVEDROAD_NO_BROWSER") == "1", reason="PAVEDROAD_NO_BROWSER=1: no browser on this machine"
    ),
]


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("Chromium is not installed; install it, or set PAVEDROAD_NO_BROWSER=1 to go without these tests.")
    return found


@pytest.fixture
def load(chromium, tmp_path):
    """Load a page; give back the document, what the console said and which addresses were asked for."""

    def load_page(content: str, *more: str) -> tuple[str, list[str], list[str]]:
        page = tmp_path / "page.html"
        page.write_text(content, encoding="utf-8")
        log = tmp_path / "net.json"
        done = subprocess.run(
            [
                chromium,
                *_QUIET,
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--log-net-log={log}",
                "--virtual-time-budget=2000",
                *more,
                "--dump-dom",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, "HOME": str(tmp_path)},
        )
        console = re.findall(r":CONSOLE[:(]\d*.*", done.stderr)
        return done.stdout, console, _read_addresses(log)

    return load_page


def _read_addresses(log: Path) -> list[str]:
    """Every address that a page asked for; what the browser asks for on its own has no origin."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [event["params"] for event in events if "initiator" in event.get("params", {})]
    addresses = {request["url"] for request in asked if request["initiator"] != "not an origin"}
    return sorted(address for address in addresses if not address.startswith(("file:", "data:")))


def test_the_page_loads_nothing_and_logs_nothing(load, road):
    document, console, addresses = load(to_html(road))
    assert "The road says yes, with warnings" in document
    assert console == []
    assert addresses == []


def test_the_hostile_page_loads_nothing_and_logs_nothing(load, make_hostile_road):
    document, console, addresses = load(to_html(make_hostile_road(" ".join(HOSTILE[:16]))))
    assert "The road says no" in document
    assert console == []
    assert addresses == []


def test_the_twin_a_page_that_loads_and_logs_is_noticed(load):
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/x.png"
        _, console, addresses = load(f"<!doctype html><img src='{address}'><script>console.error('noticed')</script>")
        server.shutdown()
    assert asked == ["/x.png"]
    assert addresses == [address]
    assert any("noticed" in line for line in console)


def test_the_policy_stops_what_would_get_in(load, road):
    smuggled = "<script>document.title = 'taken over'</script><img src='http://127.0.0.1:9/x.png'>"
    document, console, addresses = load(to_html(road).replace("<main>", f"<main>{smuggled}"))
    assert "<title>taken over</title>" not in document
    assert len([line for line in console if "Content Security Policy" in line]) >= 2
    assert addresses == []


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_fits_its_screen(load, road, width):
    """The page is laid out inside a frame of this width, because a headless window has a least width of its own."""
    wide = '<div style="width:3000px">x</div>'
    frame = (
        "<!doctype html><iframe id='frame' style='width:{width}px;height:900px;border:0' srcdoc='{page}'></iframe>"
        "<script>frame.onload = () => document.title = frame.contentDocument.documentElement.scrollWidth</script>"
    )
    policy_off = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", to_html(road))

    def measure(page: str) -> int:
        escaped = page.replace("&", "&amp;").replace("'", "&#39;")
        document, _, _ = load(frame.format(width=width, page=escaped))
        return int(re.search(r"<title>(\d+)</title>", document)[1])

    assert measure(policy_off) <= width
    assert measure(policy_off.replace("<main>", f"<main>{wide}")) > width
