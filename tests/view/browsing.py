"""A page in headless Chromium, and what is done with it."""

import os
import shutil
import time

PATIENCE = 60.0
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
#: as root in a container without a network; what the browser asks for by itself is left out
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def browser_here():
    """The browser that VITREOUS_BROWSER names, or one on the path; None without."""
    named = os.environ.get("VITREOUS_BROWSER")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page of the viewer; what goes wrong in its scripts is an error of the test."""

    def __init__(self, browser, address, width, dark=False):
        scheme = "dark" if dark else "light"
        self.page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        self.wrong = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(address)
        self.until("document.querySelector('#files').options.length > 1")

    def until(self, script):
        """Wait until a script says true; the page's policy forbids to do so in the page."""
        deadline = time.monotonic() + PATIENCE
        while not self.page.evaluate(script):
            assert not self.wrong, self.wrong
            assert time.monotonic() < deadline, f"{script}; {self.said()}"
            self.page.wait_for_timeout(30)

    def said(self):
        return self.page.inner_text("#status"), self.page.inner_text("#alert")

    def open(self, name):
        self.page.select_option("#files", name)
        self.page.get_by_text(f"{name} is open").first.wait_for(state="visible", timeout=60_000)
        assert self.said()[1] == ""

    def predict(self, model):
        """Ask a model; the seconds that its map took, as the page says them."""
        self.page.select_option("#model", model)
        return self.mapped()

    def mapped(self):
        self.page.wait_for_timeout(50)
        self.until(
            "document.querySelector('#status').innerText.includes('the map is there')"
            " || document.querySelector('#alert').innerText !== ''"
        )
        status, alert = self.said()
        assert alert == ""
        return float(status.split()[-2])

    def taken(self, what, folder):
        """The file that a button gives."""
        if self.page.locator("#box-files").get_attribute("open") is None:
            self.page.click("#box-files summary")
        with self.page.expect_download() as coming:
            self.page.click(what)
        path = folder / coming.value.suggested_filename
        coming.value.save_as(path)
        return path

    def on_screen(self, script):
        """A place of the first view's canvas that a script gives, on the screen."""
        canvas = self.page.locator("#view-a canvas.glass")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        x, y = self.page.evaluate(script)
        return box["x"] + x, box["y"] + y

    def wide(self):
        """Elements that reach beyond the right edge, but for those that scroll by themselves."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('body *')].filter(
                 (e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll'))
                 .map((e) => e.tagName + '.' + e.className)"""
        )

    def close(self):
        assert not self.wrong, self.wrong
        self.page.close()
