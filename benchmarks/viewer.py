"""The page of ``vitreous view``: seconds until it is served and until a model's map of 10^4 atoms
is there for a direction, milliseconds of one redraw while panning and zooming, and memory of the
server, in headless Chromium (VITREOUS_BROWSER, or one on the path).

A redraw is timed until its pixels can be read back, so that what is left to the browser's raster
thread counts, too; beside it a scatter plot of the same atoms by matplotlib.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.clock import table
from vitreous.direct import potential, relax
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.dual_switch import DualSwitch

NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
REDRAWS = 30
_REDRAW = """([what]) => {
  const view = vitreous.views[0];
  const begun = performance.now();
  if (what === 'pan') { vitreous.camera.x += 7; vitreous.camera.y += 3; }
  else { vitreous.camera.zoom *= 1.02; }
  view.draw();
  view.canvas.getContext('2d').getImageData(0, 0, 1, 1);
  return performance.now() - begun;
}"""


def memory(process: int) -> float:
    """Resident memory, MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def plotted(glass) -> float:
    """Milliseconds of one scatter plot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 7))
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.scatter(*glass.positions.T, c=glass.species, s=4)
    canvas.draw()
    start = time.perf_counter()
    canvas.draw()
    return 1e3 * (time.perf_counter() - start)


def run() -> None:
    """Prints the table."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("VITREOUS_BROWSER") or next(filter(None, map(shutil.which, NAMES)))
    made = DualSwitch(rings_x=40, rings_y=50, steps=2000).generate(0, np.random.default_rng(0))
    glass = relax(made, potential("yukawa_silica"), cell="xy").configuration
    with tempfile.TemporaryDirectory() as folder:
        write_configuration(Path(folder) / "glass.extxyz", glass)
        start = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "vitreous.cli", "view", "glass.extxyz", "--no-browser"],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", str(Path.cwd()))},
        )
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split(" at ")[1].strip()
            served = time.perf_counter() - start
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                rows = measured(browser, address, server.pid, served)
                browser.close()
        finally:
            server.terminate()
            server.wait(20)
    rows.append(["scatter plot of the same atoms by matplotlib", f"{plotted(glass):.0f} ms"])
    table(f"Viewer, {len(glass)} atoms, {len(glass.bonds)} bonds", ["what", "measured"], rows)


def measured(browser, address: str, process: int, served: float) -> list[list[str]]:
    """Rows of the table."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.perf_counter()
    page.goto(address)
    page.get_by_text("glass.extxyz is open").first.wait_for()
    opened = time.perf_counter() - start
    rows = [
        ["address printed after", f"{served:.1f} s"],
        ["page with the glass after a further", f"{opened:.1f} s"],
        ["memory of the server without a model", f"{memory(process):.0f} MB"],
    ]
    for what in ("pan", "zoom"):
        took = [page.evaluate(_REDRAW, [what]) for _ in range(REDRAWS)]
        rows.append(
            [f"redraw, {what}: median (largest)", f"{median(took):.0f} ({max(took):.0f}) ms"]
        )
        page.evaluate("vitreous.views[0].fit()")
    page.select_option("#model", "failure")
    for k, angle in enumerate((0, 30, 60)):
        if k:
            page.fill("#angle", str(angle))
        start = time.perf_counter()
        page.get_by_text(f"along {angle}°").first.wait_for(timeout=120_000)
        first = ", the first time" if not k else ""
        rows.append(
            [f"map of failure along {angle}°{first}", f"{time.perf_counter() - start:.1f} s"]
        )
    return rows
