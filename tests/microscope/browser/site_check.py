#!/usr/bin/env python3
"""Opens a microscope's site in Chromium and uses it: no error, deep links, search, sorting, keys, themes, widths.

site_check.py SITE LAYER UNIT [--shots DIR]: prints a line for each failure; exit status 1 where there is any. The standard
library alone: DevTools are spoken to over a WebSocket.
"""
import base64
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="convscope-chromium-")
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-port=0", "--user-data-dir=" + self.folder, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = pathlib.Path(self.folder, "DevToolsActivePort")
        for _ in range(600):
            if port_file.exists() and port_file.read_text().count("\n") >= 1:
                break
            time.sleep(0.1)
        port = int(port_file.read_text().splitlines()[0])
        for _ in range(100):
            pages = [p for p in json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json")) if p["type"] == "page"]
            if pages:
                break
            time.sleep(0.1)
        address = urllib.parse.urlparse(pages[0]["webSocketDebuggerUrl"])
        self.socket = socket.create_connection((address.hostname, address.port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(1)
        self.number, self.events, self.errors = 0, [], []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise ConnectionError("the browser is gone")
            data += part
        return data

    def _message(self):
        text, last = b"", False
        while not last:
            head = self._read(2)
            last = bool(head[0] & 0x80)
            length = head[1] & 0x7F
            if length == 126:
                length = struct.unpack(">H", self._read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self._read(8))[0]
            text += self._read(length)
        return json.loads(text)

    def _take(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"].get("exception", params["exceptionDetails"]))[:300])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(params["args"])[:300])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
        elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "data:", "about:")):
            self.errors.append("asks for " + params["request"]["url"])
        elif method == "Network.loadingFailed" and not params.get("canceled"):
            self.errors.append("could not load: " + params.get("errorText", ""))
        if method:
            self.events.append(method)

    def call(self, method, **params):
        self.number += 1
        data = json.dumps({"id": self.number, "method": method, "params": params}).encode()
        head = bytes([0x81]) + (bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(data))
                                if len(data) < 65536 else bytes([0x80 | 127]) + struct.pack(">Q", len(data)))
        mask = os.urandom(4)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
        while True:
            message = self._message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._take(message)

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def open(self, address):
        """Seconds until it is loaded."""
        self.call("Page.navigate", url="about:blank")
        self.until("location.href === 'about:blank'")
        start = time.monotonic()
        self.call("Page.navigate", url=address)
        self.until(f"location.href !== 'about:blank' && document.readyState === 'complete'")
        return time.monotonic() - start

    def until(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.run(condition):
                    return True
            except RuntimeError as error: # what was asked of a page goes with it where a link leads to another
                if "navigated" not in str(error) and "context" not in str(error):
                    raise
            time.sleep(0.03)
        return False

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def scheme(self, value):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, **text)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def shot(self, file):
        pathlib.Path(file).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=False)["data"]))


def main():
    site, layer, unit = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])
    shots = pathlib.Path(sys.argv[sys.argv.index("--shots") + 1]) if "--shots" in sys.argv else None
    data = json.loads((site / "data/site.json").read_text())
    found = next(l for l in data["layers"] if l["name"] == layer)
    units = found.get("units", list(range(found["channels"])))
    index, page = (site / "index.html").as_uri(), (site / "layers" / (found["folder"] + ".html")).as_uri()
    deep = index + "#" + urllib.parse.quote(layer) + "/" + str(unit)
    failures = []

    def expect(true, what):
        if not true:
            failures.append(what)

    browser = Browser(shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome")
    try:
        heading = "(document.querySelector('#unit h1') || {}).textContent || ''"
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            for width in (390, 1600):
                browser.size(width)
                for name, address in (("index", index), ("layer", page), ("unit", deep)):
                    seconds = browser.open(address)
                    expect(seconds < 5, f"{name}: took {seconds:.1f} s to open")
                    if name == "unit":
                        expect(browser.until(f"({heading}).endsWith('/ {unit}')"), "the deep link leads nowhere: " + browser.run(heading))
                        browser.until("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
                    expect(browser.run("[...document.images].every(i => !i.complete || i.naturalWidth > 0)"), f"{name}: an image is broken")
                    wide = browser.run("document.documentElement.scrollWidth")
                    expect(wide <= width, f"{name}: {wide} pixels wide at {width}")
                    ground = browser.run("getComputedStyle(document.documentElement).backgroundColor")
                    light = sum(int(n) for n in ground[4:-1].split(",")[:3]) > 384
                    expect(light == (scheme == "light"), f"{name}: its ground is {ground} where the system is {scheme}")
                    if shots:
                        shots.mkdir(exist_ok=True)
                        browser.shot(shots / f"{name}-{width}-{scheme}.png")
        browser.scheme("light")
        browser.size(1280)
        # The switch beats the system's theme, and is kept.
        browser.open(index)
        browser.run("document.getElementById('theme').click()")
        expect(browser.run("document.documentElement.dataset.theme") == "dark", "the switch does not change the theme")
        browser.open(page)
        expect(browser.run("document.documentElement.dataset.theme") == "dark", "the theme is not kept")
        browser.run("document.getElementById('theme').click()")
        # Keys: units, search, back.
        browser.open(deep)
        browser.until(f"({heading}).endsWith('/ {unit}')")
        place = units.index(unit)
        if place + 1 < len(units):
            browser.key("ArrowRight")
            expect(browser.until(f"({heading}).endsWith('/ {units[place + 1]}')", 5), "the right arrow does not lead to the next unit")
            browser.key("ArrowLeft")
            expect(browser.until(f"({heading}).endsWith('/ {unit}')", 5), "the left arrow does not lead back")
        browser.key("Escape")
        expect(browser.until("!document.getElementById('overview').hidden", 5), "Escape does not lead to the overview")
        browser.key("/")
        expect(browser.run("document.activeElement.id") == "search", "'/' does not lead to the search")
        browser.type(layer + " " + str(unit))
        expect(browser.until("document.querySelectorAll('#found a').length > 0", 5), "the search finds nothing")
        expect(browser.run("document.querySelector('#found a').textContent") == f"{layer}/{unit}", "the search does not find the unit first")
        browser.run("document.querySelector('.search').requestSubmit()")
        expect(browser.until(f"({heading}).endsWith('/ {unit}')", 5), "the search does not lead to the unit")
        browser.open(index + "#" + urllib.parse.quote("no<b>such/1"))
        expect(browser.until("document.querySelector('#unit h1').textContent === 'Not here'", 5), "an unknown unit is not called so")
        # Sorting and filtering.
        browser.open(page)
        expect(browser.run("document.querySelectorAll('#cells a').length") == len(units), "the page does not have all units")
        browser.run("var s = document.getElementById('sort'); s.value = 'value'; s.dispatchEvent(new Event('change'))")
        order = browser.run("[...document.querySelectorAll('#cells a')].map(a => Number(a.textContent))")
        expect(sorted(order) == units, "sorting loses units")
        details = json.loads((site / "data/layers" / (found["folder"] + ".json")).read_text())["units"]
        value = {u["unit"]: u["channel"]["value"] for u in details if "channel" in u and u["channel"]["state"] != "dead"}
        sorted_values = [value[u] for u in order if u in value]
        expect(sorted_values == sorted(sorted_values, reverse=True), "sorting by value does not")
        browser.run("document.querySelector('#cells a[href]').click()")
        expect(browser.until(f"({heading}).endsWith('/ {order[0]}')", 10), "a cell does not lead to its unit")
        # Without a script a layer's page still has its units, which lead to their files.
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.call("Page.navigate", url=page)
        time.sleep(1)
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        first = browser.run("(document.querySelector('#cells a[href]') || {}).href || ''")
        expect(first.endswith(".png"), f"without a script, a cell leads to {first}")
        expect(browser.run("document.querySelector('.controls').hidden"), "without a script, there are controls that do nothing")
        for error in browser.errors:
            failures.append("console: " + error)
    finally:
        browser.close()
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
