#!/usr/bin/env python3
"""How long a layer's page takes to open in Chromium, and to sort: open_time.py SITE FOLDER prints a line of seconds.

Exit status 1 where the browser has something to complain of.
"""
import pathlib
import shutil
import sys
import time

sys.dont_write_bytecode = True
from site_check import Browser  # noqa: E402


def main():
    page = pathlib.Path(sys.argv[1]).resolve() / "layers" / (sys.argv[2] + ".html")
    browser = Browser(shutil.which("chromium"))
    try:
        browser.size(1600)
        # Loaded, arranged by the script, and laid out: the last cell has its place.
        laid_out = "[...document.querySelectorAll('#cells a')].at(-1).getBoundingClientRect().bottom > 900"
        times = []
        for _ in range(3):
            start = time.monotonic()
            browser.open(page.as_uri())
            browser.until(laid_out)
            times.append(time.monotonic() - start)
        cells = browser.run("document.querySelectorAll('#cells a').length")
        start = time.monotonic()
        browser.run("var s = document.getElementById('sort'); s.value = 'value'; s.dispatchEvent(new Event('change'))")
        browser.until(laid_out)
        sorting = time.monotonic() - start
        errors = browser.errors
    finally:
        browser.close()
    print(f"{cells} units, {page.stat().st_size / 1000:.0f} kB: open in {min(times):.2f} s (first {times[0]:.2f} s), sorted in {sorting:.2f} s")
    for error in errors:
        print("console: " + error)
    return 1 if errors or cells == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
