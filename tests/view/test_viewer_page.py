"""The page of ``vitreous view`` in headless Chromium, through whole paths at two widths.

They need Chromium (VITREOUS_BROWSER names it where it is not on the path). Whole paths (test_from_)
are repeated VITREOUS_ROUNDS times; 0 leaves out all that have a page of their own.
"""

import os

import numpy as np
import pytest
from browsing import OPTIONS, Page, browser_here

from vitreous.app.view.server import serving
from vitreous.io.read import read_configuration

WIDTHS = [390, 1280]
ROUNDS = int(os.environ.get("VITREOUS_ROUNDS", "1"))
NEAR_THE_MIDDLE = """() => {
  const { spots, views: [view] } = vitreous;
  const apart = (k) => Math.hypot(spots.x[k] - 200, spots.y[k] + 200);
  const best = spots.found.border.reduce((b, _, k) => (apart(k) < apart(b) ? k : b), 0);
  return [view.sx(spots.x[best]), view.sy(spots.y[best])];
}"""


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = browser_here()
    if found is None:
        pytest.skip("no Chromium here; install it, or name it in VITREOUS_BROWSER")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def address(folder, toys):
    with serving(folder, "", "127.0.0.1", 0) as (address, _):
        yield address


def pytest_generate_tests(metafunc):
    """Every width, and of whole paths every round."""
    if "page" in metafunc.fixturenames:
        rounds = ROUNDS if metafunc.function.__name__.startswith("test_from_") else min(ROUNDS, 1)
        each = [(width, k) for k in range(rounds) for width in WIDTHS]
        metafunc.parametrize("page", each, indirect=True, ids=[f"{w}-{k}" for w, k in each])


@pytest.fixture
def page(request, browser, address):
    page = Page(browser, address, request.param[0])
    yield page
    page.close()


def test_from_a_file_to_a_map_that_follows_the_dial(page, network, tmp_path):
    page.open("glass.extxyz")
    assert "288 Si" in page.page.inner_text("#box-look")
    page.predict("failure")
    along_x = page.page.inner_text("#box-load")
    assert "first failure" in along_x
    page.page.locator("#angle").focus()
    page.page.locator("#angle").fill("60")
    page.until("document.querySelector('#box-load').innerText.includes('along 60')")
    assert page.page.inner_text("#box-load") != along_x
    assert page.page.locator(".colouring").first.input_value().startswith("map:failure")

    where = "vitreous.views[0].sx(vitreous.flat.x[7]), vitreous.views[0].sy(vitreous.flat.y[7])"
    page.page.mouse.move(*page.on_screen(f"[{where}]"))
    page.until("document.querySelector('#view-a .says').innerText.includes(' 8 at ')")

    table = page.taken("#take-prediction-csv", tmp_path).read_text().splitlines()
    assert len(table) == len(network) + 1
    glass = read_configuration(page.taken("#take-glass-extxyz", tmp_path))
    assert np.allclose(glass.positions, network.positions, atol=1e-4)
    assert page.wide() == []


def turned(page, angle):
    """Turn the dial without waiting for the map."""
    page.page.locator("#angle").fill(str(angle))


def test_map_words_and_files_are_those_of_the_direction_that_the_dial_has(page, tmp_path):
    page.open("glass.extxyz")
    page.predict("failure")
    values = "vitreous.column(0).values"
    along_x, said = page.page.evaluate(values), page.page.inner_text("#box-load dl")
    first = page.taken("#take-prediction-csv", tmp_path).read_text()
    for angle in (33, 47):  # the second is left while the model computes
        turned(page, angle)
        page.page.wait_for_timeout(300)
        if angle == 33:
            page.until("document.querySelector('#box-load').innerText.includes('along 33')")
    turned(page, 0)
    page.until("document.querySelector('#box-load').innerText.includes('along 0')")
    page.page.wait_for_timeout(500)
    assert page.page.evaluate(values) == along_x
    assert page.page.inner_text("#box-load dl") == said
    assert page.taken("#take-prediction-csv", tmp_path).read_text() == first


def test_nothing_of_the_last_file_stays(page):
    page.open("walk")
    page.page.click("#play")
    page.predict("failure")
    turned(page, 71)
    page.page.wait_for_timeout(270)
    page.open("glass.extxyz")  # while the model computes
    page.page.wait_for_timeout(800)
    assert page.said() == ("glass.extxyz is open", "")
    assert page.page.evaluate("[vitreous.maps.size, vitreous.marks.length]") == [0, 0]
    assert page.page.locator("#play").get_attribute("aria-pressed") == "false"
    assert page.page.locator("#box-load progress").is_hidden()


def test_maps_of_two_models_stand_beside_each_other(page):
    page.open("glass.extxyz")
    page.predict("failure")
    page.page.get_by_label("at rest first").first.check()
    page.predict("listi")
    page.page.get_by_label("two views").check()
    page.page.locator(".colouring").nth(1).select_option(label="failure at 0°: probability first")
    assert page.page.evaluate("vitreous.colouring") == [
        "map:listi at 0°: delta tau",
        "map:failure at 0°: probability first",
    ]
    turned(page, 20)
    page.until("vitreous.colouring[0] === 'map:listi at 20°: delta tau'")
    assert page.page.evaluate("vitreous.colouring[1]") == "map:failure at 0°: probability first"


def test_a_detection_is_undone_with_the_corrections_before_it(page):
    page.open("image.png")
    page.page.select_option("#tool", "correct")
    page.page.mouse.click(*page.on_screen(NEAR_THE_MIDDLE))
    page.until("vitreous.spots.found.edits.length === 1")
    left = page.page.evaluate("vitreous.spots.found.spots")
    page.page.get_by_label("detector").select_option("marr_hildreth")
    page.page.click("#detect")
    page.until("vitreous.spots.found.edits.length === 0")
    page.page.click("#undo")
    page.until("vitreous.spots.found.edits.length === 1")
    assert page.page.evaluate("vitreous.spots.found.spots") == left
    assert page.page.get_by_label("detector").input_value() == "trackpy"


def test_a_window_is_told_when_another_has_opened_something(page, browser, address):
    page.open("glass.extxyz")
    other = Page(browser, address, 1280)
    other.open("walk")
    page.page.select_option("#model", "failure")
    page.page.get_by_text("'walk' was opened since, in another window").wait_for()
    assert page.page.evaluate("vitreous.maps.size") == 0
    other.close()


def test_a_page_that_is_loaded_again_shows_what_it_showed(page):
    page.open("walk")
    page.page.reload()
    page.page.get_by_text("walk is open").wait_for()


def test_from_a_micrograph_over_corrections_to_a_map(page, folder, tmp_path):
    clicks = 0
    page.open("image.png")
    assert "0 impossible" in page.page.inner_text("#box-image")
    page.page.select_option("#tool", "correct")
    place = page.on_screen(NEAR_THE_MIDDLE)
    for impossible, corrections in ((3, 1), (0, 2)):  # a silicon goes, and comes again
        page.page.mouse.click(*place)
        clicks += 1
        page.until(f"vitreous.spots.found.edits.length === {corrections}")
        assert f"{impossible} impossible" in page.page.inner_text("#box-image")
    page.page.click("#undo")
    page.until("vitreous.spots.found.edits.length === 1")
    assert "3 impossible" in page.page.inner_text("#box-image")
    page.page.click("#redo")
    page.until("vitreous.spots.found.edits.length === 2")
    page.page.click("#save-edits")
    page.page.get_by_text("saved in image.png.edits.csv").wait_for()
    assert (folder / "image.png.edits.csv").read_text().count("\n") == 4
    page.page.select_option("#shown", "network")
    page.page.get_by_label("at rest first").first.check()
    page.predict("listi")
    assert "window leaves the glass" in page.page.inner_text("#box-load")
    assert page.taken("#take-prediction-csv", tmp_path).read_text().startswith("x,y,delta_tau")
    assert clicks + 5 <= 10  # open, tool, clicks, save, shown, at rest, model
    assert page.wide() == []


def test_from_a_deformation_to_its_events(page, folder, network):
    page.open("walk")
    page.page.get_by_role("button", name="2", exact=True).click()
    page.page.get_by_text("event 2 at strain").first.wait_for()
    page.until("vitreous.frame !== null")
    strain = page.page.inner_text("#frame-strain")
    assert float(strain.split()[-1]) > 0.05
    page.page.locator("#frame").focus()
    page.page.keyboard.press("Home")
    page.until("document.querySelector('#frame-strain').innerText === 'at strain 0'")
    assert page.page.locator("#curve svg .event").count() == 2
    page.page.keyboard.press("End")
    last = read_configuration(folder / "walk" / "frames.extxyz")
    page.until("document.querySelector('#frame').value === document.querySelector('#frame').max")
    page.until(f"Math.abs(vitreous.frame.cell[0][0] - {last.cell[0, 0]}) < 1e-6")
    first, second = network.bonds.T  # a bond that is lost is seen as such: a crack
    step = last.minimum_image(last.positions[second] - last.positions[first])
    shown = page.page.evaluate("Array.from(vitreous.lengths)")
    assert np.allclose(np.sort(shown), np.sort(np.linalg.norm(step, axis=1)), atol=1e-3)
    assert page.wide() == []


def test_from_a_run_to_its_glasses_and_another_run(page, runs):
    page.open(runs[0])
    assert "correlation.model.pearson" in page.page.inner_text("#box-run")
    page.page.select_option("#compare", runs[1])
    page.page.locator("#box-run th", has_text=runs[1]).wait_for()
    assert page.page.input_value("#sample") != ""  # the glass that is shown is still the chosen one
    page.page.get_by_label("only scores with these letters").fill("pearson")
    shown = page.page.locator("#box-run tbody tr")
    assert 0 < shown.count() < 6
    page.page.select_option("#sample", index=2)
    page.until("document.querySelector('#status').innerText.startsWith('glass')")
    assert page.wide() == []


def test_a_deformation_is_made_and_played(page):
    page.open("glass.extxyz")
    page.page.click("#box-deform summary")
    page.page.click("#deform")
    page.page.get_by_text("deformed in").first.wait_for(timeout=60_000)
    page.page.click("#play")
    page.until("Number(document.querySelector('#frame').value) > 1")
    page.page.click("#play")
    assert page.page.locator("#play").get_attribute("aria-pressed") == "false"


def test_atoms_are_selected_by_rectangle_and_by_value_and_saved(page, network, tmp_path):
    page.open("glass.extxyz")
    page.page.click("#box-select summary")
    page.page.get_by_label("drag selects").check()
    x, y = page.on_screen("[0, 0]")
    page.page.mouse.move(x + 2, y + 2)
    page.page.mouse.down()
    page.page.mouse.move(x + 180, y + 300, steps=3)
    page.page.mouse.up()
    page.until("vitreous.chosen.size > 10")
    page.page.locator(".colouring").first.select_option("column:height")
    page.page.get_by_label("from", exact=True).fill("1.5")
    page.page.get_by_role("button", name="Select", exact=True).click()
    page.until("document.querySelector('#box-select').innerText.includes('with height from 1.5')")
    with page.page.expect_download() as coming:
        page.page.click("#save-selection")
    coming.value.save_as(tmp_path / "selection.csv")
    rows = (tmp_path / "selection.csv").read_text().splitlines()
    heights = np.linspace(-1.0, 2.0, len(network))
    assert len(rows) == int((heights >= 1.5).sum()) + 1
    assert rows[0].startswith("id,species,x,y,height")


def test_the_keyboard_moves_zooms_and_tells(page):
    page.open("glass.extxyz")
    canvas = page.page.locator("#view-a canvas.glass")
    canvas.focus()
    before = page.page.evaluate("[vitreous.camera.x, vitreous.camera.zoom]")
    for key in ("ArrowLeft", "+", "+"):
        page.page.keyboard.press(key)
    after = page.page.evaluate("[vitreous.camera.x, vitreous.camera.zoom]")
    assert after[1] == pytest.approx(1.5625 * before[1])
    page.page.keyboard.press("0")
    assert page.page.evaluate("vitreous.camera.zoom") == pytest.approx(before[1])
    for _ in range(3):
        page.page.keyboard.press("+")
    page.page.keyboard.press("Enter")
    page.until("document.querySelector('#view-a .says').innerText !== ''")


def test_uncertainty_lies_where_the_model_was_asked(page, network):
    page.open("glass.extxyz")
    page.page.get_by_label("at rest first").first.check()
    page.predict("listi")
    page.page.get_by_label("uncertainty as dots").check()
    page.page.get_by_label("two views").check()
    page.page.locator(".colouring").nth(1).select_option("column:height")
    counts = page.page.evaluate(
        "vitreous.views.map(({ layers: { unsure } }) =>"
        " [unsure.values.length, unsure.places.x.length])"
    )
    assert counts[0] == counts[1]
    assert counts[0][0] == counts[0][1] != len(network)


def test_a_file_is_sent_and_what_is_none_is_answered_in_words(page, made, tmp_path):
    page.page.set_input_files("#send", made / "glass.extxyz")
    page.page.get_by_text("glass.extxyz is open").first.wait_for()
    (tmp_path / "noise.xyz").write_bytes(bytes(range(256)) * 40)
    page.page.set_input_files("#send", tmp_path / "noise.xyz")
    page.until("document.querySelector('#alert').innerText.includes('noise.xyz')")
    assert "288 Si" in page.page.inner_text("#box-look")  # what was open stays


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_stands_in_the_way_of_keyboard_and_screen_reader(
    browser, address, runs, width, dark
):
    """The rules of axe-core, on each kind of page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = Page(browser, address, width, dark)
    for name in ("", "glass.extxyz", "image.png", "walk", runs[0]):
        if name:
            page.open(name)
        page.page.evaluate(
            "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
        )
        found = axe.run(page.page)
        assert not found.response["violations"], (name, found.generate_report())
        assert page.wide() == []
    page.close()
