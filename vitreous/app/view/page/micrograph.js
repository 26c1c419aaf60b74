// The box Micrograph: spots that were found in an image, their corrections, and their network.
import { ask, post, take } from "./api.js";
import { $, choice, facts, field, make, number, tidy } from "./dom.js";
import { Squares } from "./geometry.js";
import { ringColour } from "./palettes.js";

const FLAGS = { coordination: ["o", "other than three bonds"], close: ["x", "too close to another"], distance: ["s", "a bond of an odd length"] };
const CLICK = 12; // pixels of the screen within which a spot is meant

// What was found, drawn over the image; y is down in an image and up in a view.
class Spots {
  constructor(found, fields) {
    this.found = found;
    this.x = Float64Array.from(found.spots[0]);
    this.y = Float64Array.from(found.spots[1], (value) => -value);
    this.squares = new Squares(this.x, this.y, Math.max(4, 4 * fields.diameter));
  }

  draw(pen, view) {
    const { found, x, y } = this;
    const at = (k) => [view.sx(x[k]), view.sy(y[k])];
    if (view.look.rings) {
      pen.globalAlpha = 0.3;
      for (const ring of found.rings) {
        pen.fillStyle = ringColour(ring.size);
        pen.beginPath();
        ring.atoms.forEach((k, n) => (n ? pen.lineTo(...at(k)) : pen.moveTo(...at(k))));
        pen.fill();
      }
      pen.globalAlpha = 1;
    }
    if (view.look.bonds) {
      pen.strokeStyle = "#fbd58f";
      pen.lineWidth = Math.max(1, Math.min(3, 0.8 * view.camera.zoom));
      pen.beginPath();
      found.links[0].forEach((from, k) => { pen.moveTo(...at(from)); pen.lineTo(...at(found.links[1][k])); });
      pen.stroke();
    }
    if (!view.look.atoms) return;
    const size = Math.max(2.5, Math.min(8, 2.4 * view.camera.zoom));
    for (let k = 0; k < x.length; k += 1) {
      const [px, py] = at(k);
      if (px < -20 || py < -20 || px > view.width + 20 || py > view.height + 20) continue;
      pen.beginPath();
      pen.arc(px, py, size, 0, 2 * Math.PI);
      pen.lineWidth = 1.4;
      pen.strokeStyle = "#35c8e8";
      if (found.border[k]) pen.stroke(); else { pen.fillStyle = found.added[k] ? "#4dff4d" : "#35c8e8"; pen.fill(); }
      if (found.reasons[k]) this.flag(pen, px, py, found.reasons[k], 2.1 * size);
    }
  }

  flag(pen, px, py, reason, size) {
    pen.strokeStyle = "#ff5fa8";
    pen.lineWidth = 2.6;
    pen.beginPath();
    const shape = (FLAGS[reason] || FLAGS.coordination)[0];
    if (shape === "o") pen.arc(px, py, size, 0, 2 * Math.PI);
    if (shape === "s") pen.rect(px - size, py - size, 2 * size, 2 * size);
    if (shape === "x") { pen.moveTo(px - size, py - size); pen.lineTo(px + size, py + size); pen.moveTo(px + size, py - size); pen.lineTo(px - size, py + size); }
    pen.stroke();
  }

  nearest(x, y) { return this.squares.nearest(x, y); }

  told(x, y) {
    const k = this.nearest(x, y);
    const place = `pixel ${number(x, 5)}, ${number(-y, 5)}`;
    if (k < 0) return place;
    const { reasons, border, added } = this.found;
    const what = reasons[k] ? `cannot be a silicon: ${(FLAGS[reasons[k]] || [0, reasons[k]])[1]}` : border[k] ? "silicon of the border, not judged" : "silicon";
    return `${what}${added[k] ? ", added" : ""} at ${number(this.x[k], 5)}, ${number(-this.y[k], 5)}; ${place}`;
  }

  key() {
    const { reasons, border, inside } = this.found;
    const flagged = reasons.filter(Boolean).length;
    return make("span", {}, `filled: silicon (${inside}); hollow: border (${border.filter(Boolean).length}); pink circle, cross or square: impossible (${flagged})`);
  }
}

export function micrographBox(app) {
  const box = $("box-image");
  const controls = {};
  const entry = (step = "any") => make("input", { type: "number", step, min: "0" });
  controls.detector = choice([["trackpy", "trackpy"], ["marr_hildreth", "Marr–Hildreth"]], "trackpy", () => {});
  controls.diameter = entry("2");
  controls.pixel_size = entry();
  controls.si_si = entry();
  const region = make("input", { type: "text", placeholder: "the whole image", id: "region" });
  const dark = make("input", { type: "checkbox", id: "dark" });
  const state = make("div");
  const saved = make("p", { class: "note", role: "status" });
  const tools = choice([["look", "look"], ["correct", "correct spots"], ["region", "draw the region"]], "look", (name) => { tool = name; for (const view of app.views) view.selecting = name === "region"; }, { id: "tool" });
  const shown = choice([["image", "the image"], ["network", "its network"]], "image", (name) => swap(name), { id: "shown" });
  const undo = make("button", { type: "button", id: "undo", onclick: () => step(past, future) }, "Undo");
  const redo = make("button", { type: "button", id: "redo", onclick: () => step(future, past) }, "Redo");
  let tool = "look";
  let past = [];
  let future = [];
  let edits = [];
  let fields = {};
  let found = null;
  let picture = null;
  let name = "";
  let last = Promise.resolve();

  const chosen = () => {
    const set = { detector: controls.detector.value, diameter: Number(controls.diameter.value), dark: dark.checked };
    if (region.value.trim()) set.region = region.value.split(/[ ,]+/).filter(Boolean).map(Number);
    if (set.region && !(set.region.length === 4 && set.region.every(Number.isInteger))) throw new Error(`the region is '${region.value}'; expected left, top, right, bottom in whole pixels, or nothing for the whole image`);
    if (controls.pixel_size.value) set.pixel_size = Number(controls.pixel_size.value);
    if (controls.si_si.value) set.si_si = Number(controls.si_si.value);
    return set;
  };

  const fill = (given) => {
    fields = given;
    controls.detector.value = given.detector;
    controls.diameter.value = given.diameter;
    controls.pixel_size.value = given.pixel_size ?? "";
    controls.si_si.value = given.si_si;
    dark.checked = given.dark;
    region.value = given.region ? given.region.join(", ") : "";
  };

  // Find spots anew; corrections belong to the spots that were, and come back with them.
  async function detect() {
    try { await turn({ fields: { ...fields, region: null, pixel_size: null, ...chosen() }, edits: [] }); } catch (error) { app.warn(error.message); }
  }

  const correct = (next) => turn({ fields, edits: next });

  // Spots and network as they are by these fields with these corrections; what was before can come
  // back, unless that is what is done. Says whether it could be done.
  async function turn(next, keep = true) {
    app.warn("");
    const before = found && { fields, edits };
    const [mine, anew] = [picture, !found || next.fields !== fields];
    const left = () => app.kind !== "image" || picture !== mine; // something else was opened since
    try {
      if (anew) app.say("looking for spots");
      const answer = anew ? await post("/api/image/detect", next) : await post("/api/image/correct", { edits: next.edits });
      if (left()) return false;
      take_up(answer, next);
      if (anew) { fill(next.fields); app.say(`${found.spots[0].length} spots found`); }
      if (keep && before) { past.push(before); future = []; }
      saved.textContent = "not saved yet";
      return true;
    } catch (error) {
      if (!left()) { app.warn(error.message); app.say(""); }
      return false;
    } finally { buttons(); }
  }

  async function step(from, to) {
    if (!from.length) return;
    const now = { fields, edits };
    if (await turn(from.at(-1), false)) { from.pop(); to.push(now); }
    buttons();
  }

  function take_up(answer, { fields: by, edits: corrections }) {
    found = answer;
    fields = by;
    edits = corrections;
    app.spots = new Spots(found, { diameter: Number(controls.diameter.value) || 11 });
    const flagged = found.reasons.filter(Boolean).length;
    state.replaceChildren(facts([
      ["spots", `${found.spots[0].length}, ${found.inside} inside, ${flagged} impossible`],
      ["scale", `${number(found.pixel_size)} Å per pixel, ${found.scaled ? "from the mean Si–Si distance" : "as given"}`],
      ["rings", Object.entries(found.ring_sizes).map(([size, count]) => `${size}: ${count}`).join(", ") || "none closed"],
      ["corrections", String(edits.length)],
    ]), ...(found.warnings || []).map((text) => make("p", { class: "warn" }, tidy(text))));
    swap(shown.value);
    app.tell("corrected");
  }

  function swap(what) {
    if (what === "network" && found) {
      app.image = null;
      app.spots = null;
      app.setStructure(found.structure);
      app.tell("structure");
      return;
    }
    const first = !app.image;
    app.image = picture;
    app.spots = found ? new Spots(found, { diameter: Number(controls.diameter.value) || 11 }) : null;
    app.refresh();
    if (first) app.views[0].fit();
  }

  const buttons = () => { undo.disabled = !past.length; redo.disabled = !future.length; };

  // A click of the tool: on a spot it goes, elsewhere one comes.
  app.tool = null;
  const click = (x, y, view) => {
    if (app.kind !== "image" || shown.value !== "image") return false;
    if (tool !== "correct" || !found) { view.says.textContent = app.spots ? app.spots.told(x, y) : ""; return true; }
    last = last.then(() => corrected(x, y, view)); // each click after the one before has its answer
    return true;
  };

  async function corrected(x, y, view) {
    if (!app.spots) return;
    const near = app.spots.nearest(x, y);
    const hit = near >= 0 && Math.hypot(app.spots.x[near] - x, app.spots.y[near] - y) <= Math.max(0.5 * Number(controls.diameter.value), CLICK / view.camera.zoom);
    if (!hit) { await correct([...edits, ["add", x, -y]]); return; }
    const [sx, sy] = [app.spots.x[near], -app.spots.y[near]];
    // an added spot that goes again leaves no trace
    const mine = found.added[near] ? edits.findIndex(([what, a, b]) => what === "add" && Math.hypot(a - sx, b - sy) < 1e-3) : -1;
    await correct(mine >= 0 ? edits.filter((_, k) => k !== mine) : [...edits, ["remove", sx, sy]]);
  }

  const draw = ([x0, y0, x1, y1]) => {
    if (!app.image || tool !== "region") return;
    const whole = [x0, -y1, x1, -y0].map(Math.round);
    region.value = [Math.max(0, whole[0]), Math.max(0, whole[1]), Math.min(app.image.width, whole[2]), Math.min(app.image.height, whole[3])].join(", ");
    detect();
  };
  for (const view of app.views) {
    const before = view.doing.rectangle;
    view.doing.rectangle = (rectangle) => (app.image ? draw(rectangle) : before(rectangle));
  }

  async function save() {
    try {
      const told = await post("/api/image/save", {});
      saved.textContent = told.kept ? `saved in ${told.saved_as}, beside the image; the same network: vitreous rings ${name} ${told.settings.map((each) => `--set '${each}'`).join(" ")}` : "kept until vitreous view ends, since this image was sent; download the corrections to keep them";
    } catch (error) { app.warn(error.message); }
  }

  box.lastElementChild.replaceChildren(
    make("div", { class: "row" }, make("label", { for: "shown" }, "Show ", shown), make("label", { for: "tool" }, "Tool ", tools)),
    make("p", { class: "note" }, "To correct: a click on a spot removes it, a click elsewhere adds one; with the keyboard, Enter does so at the cross."),
    make("div", { class: "row" }, undo, redo, make("button", { type: "button", id: "save-edits", onclick: save }, "Save corrections"), make("button", { type: "button", onclick: () => take("edits.csv").catch((error) => app.warn(error.message)) }, "Download them")),
    saved, state,
    make("fieldset", {}, make("legend", {}, "how spots are found"),
      field("detector", controls.detector), field("diameter", controls.diameter, "pixels"), field("region", region), field("Å per pixel", controls.pixel_size), field("mean Si–Si", controls.si_si, "Å"),
      make("label", { class: "row", for: "dark" }, dark, "atoms are dark"),
      make("p", { class: "note" }, "Without Å per pixel the scale follows from the mean Si–Si distance. The region is left, top, right, bottom in pixels."),
      make("button", { type: "button", class: "main", id: "detect", onclick: detect }, "Detect")),
  );

  return async (opened) => {
    box.hidden = false;
    name = opened.name;
    past = [];
    future = [];
    found = null;
    shown.value = "image";
    tools.value = "look";
    tool = "look";
    const bitmap = await createImageBitmap(await (await ask("/api/image.png")).blob());
    picture = { bitmap, width: opened.width, height: opened.height };
    app.image = null;
    app.tool = click;
    fill(opened.fields);
    if (opened.error) {
      app.warn(opened.error);
      state.replaceChildren();
      swap("image");
    } else {
      app.structure = opened.structure;
      app.place();
      take_up(opened, { fields: opened.fields, edits: opened.edits });
      app.tell("structure");
      shown.value = "image";
      swap("image");
      if (opened.remark) app.warn(opened.remark);
    }
    saved.textContent = opened.edits && opened.edits.length ? `corrections of ${opened.saved_as} are shown` : "";
    buttons();
  };
}

