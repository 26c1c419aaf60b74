// What is shown: one structure, its columns and maps, and the two views of it.
import { $, choice, make, number } from "./dom.js";
import { Camera } from "./camera.js";
import { GlassView } from "./glass_view.js";
import { Plane, Squares, bondLengths, brokenLength } from "./geometry.js";
import { PALETTES, Scale, ringColour, speciesColour } from "./palettes.js";

const SPECIES = "species";

export class App {
  constructor() {
    this.camera = new Camera();
    this.heard = {}; // what panels do when something happens: opened, picked, chosen
    this.clear();
    this.views = ["a", "b"].map((letter, k) => new GlassView($(`view-${letter}`), this.camera, this.label(letter), {
      picked: (atom, view) => this.picked(atom, view),
      rectangle: (box) => this.inRectangle(box),
      clicked: (x, y, view) => this.taken(x, y, view),
    }, k));
  }

  label(letter) {
    return `View ${letter.toUpperCase()}: a picture of the glass. Arrow keys move it, plus and minus zoom, 0 shows all, Enter tells what is under the cross in its middle.`;
  }

  clear() {
    Object.assign(this, {
      structure: null, maps: new Map(), chosen: new Set(), frame: null, marks: [], arrow: null, spots: null, image: null,
      colouring: [SPECIES, SPECIES], palettes: ["", ""], plane: "xy", lengths: null, tool: null,
      look: { atoms: true, bonds: true, rings: true, overlay: false }, both: false, unsure: null,
    });
  }

  on(event, does) { (this.heard[event] ||= []).push(does); }

  tell(event, ...what) { for (const does of this.heard[event] || []) does(...what); }

  say(text) { $("status").textContent = text; }

  // A sentence of what went wrong; empty to take it away.
  warn(text) { $("alert").textContent = text; }

  // Show a structure; `keep`: the same glass, so the view stays where it is.
  setStructure(structure, keep = false) {
    const before = this.structure;
    this.structure = structure;
    this.frame = null;
    this.lengths = null;
    this.chosen.clear();
    if (structure.dimension === 2) this.plane = "xy";
    if (!keep || !before) {
      this.maps.clear();
      this.marks = [];
      this.colouring = [SPECIES, SPECIES];
    }
    this.place();
    this.refresh();
    if (!keep || !before) for (const view of this.views) view.fit();
  }

  // Where everything is, once structure, frame or plane has changed.
  place() {
    const { structure, frame } = this;
    const cell = frame ? frame.cell : structure.cell;
    const positions = frame ? frame.positions : structure.positions;
    this.flat = new Plane(structure, this.plane, cell, positions);
    const [x0, y0, x1, y1] = this.flat.box;
    this.flat.spacing = Math.sqrt(((x1 - x0) * (y1 - y0)) / Math.max(1, structure.atoms / (structure.dimension === 3 ? 2 : 1)));
    this.squares = new Squares(this.flat.x, this.flat.y, 2 * this.flat.spacing);
    this.lengths = structure.bonds.length && frame ? bondLengths(structure, positions, cell) : null;
  }

  setFrame(frame) {
    this.frame = frame;
    this.place();
    this.refresh();
  }

  // Maps of one origin; those that came from it before are replaced, where a view shows one by that
  // of the same quantity.
  setMaps(origin, maps) {
    const were = this.colouring.map((key) => this.maps.get(key));
    for (const key of [...this.maps.keys()]) if (this.maps.get(key).origin === origin) this.maps.delete(key);
    for (const map of maps) this.maps.set(`map:${map.name}`, { ...map, origin });
    this.colouring = this.colouring.map((key, view) => {
      if (this.known(key)) return key;
      const next = maps.find(({ quantity }) => quantity && quantity === were[view].quantity);
      return next ? `map:${next.name}` : SPECIES;
    });
    this.refresh();
  }

  // Take away the maps of all origins whose names begin so.
  dropMaps(beginning) {
    for (const origin of new Set([...this.maps.values()].map((map) => map.origin))) if (origin.startsWith(beginning)) this.setMaps(origin, []);
  }

  known(key) {
    return key === SPECIES || this.maps.has(key) || Boolean(this.structure && this.structure.columns[key.replace(/^column:/, "")]);
  }

  choices() {
    const columns = Object.keys(this.structure.columns).map((name) => [`column:${name}`, name]);
    return [[SPECIES, SPECIES], ...[...this.maps].map(([key, map]) => [key, map.name]), ...columns];
  }

  colour(view, key) {
    this.colouring[view] = key;
    this.refresh();
    this.tell("coloured");
  }

  column(view = 0) {
    const key = this.colouring[view];
    if (key === SPECIES) return null;
    return this.maps.get(key) || this.structure.columns[key.replace(/^column:/, "")];
  }

  // Places of the sites of a map in the plane that is seen.
  sitesOf(map) {
    if (!map || !map.sites) return null;
    if (map.placed && map.placed.plane === this.flat.axes.join("")) return map.placed;
    const [i, j] = this.flat.pick;
    const positions = map.sites.positions;
    if (positions.length <= Math.max(i, j)) return null;
    const x = new Float64Array(positions[i].length);
    const y = new Float64Array(positions[i].length);
    for (let k = 0; k < x.length; k += 1) [x[k], y[k]] = this.flat.wrapped(positions[i][k], positions[j][k]);
    const reach = map.sites.steps.length ? Math.hypot(...map.sites.steps[0]) + Math.hypot(...map.sites.steps[1]) : 2 * this.flat.spacing;
    map.placed = { x, y, steps: map.sites.steps.length ? map.sites.steps : null, squares: new Squares(x, y, Math.max(reach, 1e-6)), plane: this.flat.axes.join("") };
    return map.placed;
  }

  // A place in the glass, wrapped into the cell that is shown.
  marked(at, text, now = false) {
    const [i, j] = this.flat.pick;
    const [x, y] = this.flat.wrapped(at[i], at[j]);
    return { x, y, text, now };
  }

  refresh() {
    if (!this.structure && !this.image) return;
    $("stage").classList.toggle("two", this.both);
    $("view-b").hidden = !this.both;
    this.views.forEach((view, k) => {
      view.look = this.look;
      this.heading(view, k);
      view.show(this.layers(k));
    });
  }

  layers(k) {
    if (this.image) {
      return { image: this.image, spots: this.spots, box: [0, -this.image.height, this.image.width, 0], unit: "pixels", key: this.spots ? this.spots.key() : "" };
    }
    const chosen = this.column(k);
    const sites = this.sitesOf(chosen);
    const column = chosen && chosen.sites && !sites ? null : chosen; // not seen from this side
    const key = this.colouring[k];
    return {
      structure: this.structure, plane: this.flat, squares: this.squares, column, title: key.replace(/^(column|map):/, ""),
      sites, reasons: column && column.reasons, palette: this.palettes[k], limits: this.limitsOf(column),
      unsure: this.unsure && (!chosen || !chosen.origin || chosen.origin === this.unsure.origin) && { ...this.unsure, places: this.sitesOf(this.unsure) || this.flat }, marks: this.shownMarks(), chosen: this.chosen, arrow: this.flat.axes.join("") === "xy" ? this.arrow : null, lengths: this.lengths,
      broken: brokenLength(this.structure), box: this.flat.box, unit: this.structure.length, key: this.speciesKey(),
    };
  }

  // A prediction is coloured on the scale of what it predicts, where that is there.
  limitsOf(column) {
    const like = column && column.like ? this.maps.get(`map:${column.like}`) || this.structure.columns[column.like] : null;
    if (!like) return null;
    const { low, high } = new Scale(like);
    return [low, high];
  }

  // Marks where their atom is in the frame that is shown, or at their place.
  shownMarks() {
    return this.marks.map(({ at, atom, text, now }) => (atom >= 0 ? { x: this.flat.x[atom], y: this.flat.y[atom], text, now } : this.marked(at, text, now)));
  }

  speciesKey() {
    const dot = (colour, text) => make("span", {}, swatch(colour), ` ${text}`);
    const species = this.structure.names.map((name, k) => dot(speciesColour(name, k), `${name} (${this.structure.counts[name]})`));
    const sizes = this.look.rings ? Object.entries(this.structure.ring_sizes).map(([size, count]) => dot(ringColour(Number(size)), `${size} (${count})`)) : [];
    return make("span", { class: "row" }, ...species, ...(sizes.length ? [make("span", {}, "rings:"), ...sizes] : []));
  }

  heading(view, k) {
    if (this.image) { view.head.replaceChildren(); return; }
    const letter = this.both ? ` ${"AB"[k]}` : "";
    const colours = choice(this.choices(), this.colouring[k], (key) => this.colour(k, key), { class: "colouring" });
    const palette = choice(PALETTES, this.palettes[k], (name) => { this.palettes[k] = name; this.refresh(); });
    const old = view.head.querySelector("select");
    const focused = old === document.activeElement;
    view.head.replaceChildren(
      make("label", { class: "row" }, `Colour${letter}`, colours),
      this.colouring[k] === SPECIES ? "" : make("label", { class: "row" }, "palette", palette),
    );
    if (focused) colours.focus();
  }

  picked(atom, view) {
    if (atom < 0) { view.says.textContent = view.told(view.width / 2, view.height / 2) || "nothing there"; return; }
    if (this.chosen.has(atom)) this.chosen.delete(atom); else this.chosen.add(atom);
    view.says.textContent = `${this.structure.names[this.structure.species[atom]]} ${this.structure.ids[atom]} ${this.chosen.has(atom) ? "selected" : "no longer selected"}`;
    this.refresh();
    this.tell("chosen");
  }

  inRectangle([x0, y0, x1, y1]) {
    if (!this.structure || this.image) return;
    for (let k = 0; k < this.flat.x.length; k += 1) {
      if (this.flat.x[k] >= x0 && this.flat.x[k] <= x1 && this.flat.y[k] >= y0 && this.flat.y[k] <= y1) this.chosen.add(k);
    }
    this.refresh();
    this.tell("chosen");
  }

  // Whether a tool of a panel took the click.
  taken(x, y, view) { return this.tool ? this.tool(x, y, view) : false; }

  centre(at) {
    const { x, y } = this.marked(at, "");
    const view = this.views[0];
    if (!view.width) return;
    this.camera.move(view.width / 2 - (this.camera.x + this.camera.zoom * x), view.height / 2 - (this.camera.y - this.camera.zoom * y));
  }
}

function swatch(colour) {
  const box = make("canvas", { width: "12", height: "12", "aria-hidden": "true" });
  const pen = box.getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 12, 12);
  pen.strokeStyle = "#596270";
  pen.strokeRect(0.5, 0.5, 11, 11);
  return box;
}

// The mean of what is known, for tables.
export const mean = (values) => {
  const known = values.filter((value) => value !== null);
  return known.length ? number(known.reduce((a, b) => a + b, 0) / known.length) : "–";
};
