// One view of a glass on a canvas, moved and asked by pointer and keyboard.
import { make, number, tidy, withUnit } from "./dom.js";
import { drawImage, drawSites, drawRings, drawBonds, drawAtoms, drawUnsure, drawCell, drawMarks, drawLength, drawCross } from "./drawing.js";
import { Scale } from "./palettes.js";

const NEAR = 14; // pixels within which something is under the pointer

export class GlassView {
  // `doing`: picked(atom), rectangle(box), clicked(x, y) in the glass, key(name) where one is taken.
  constructor(figure, camera, label, doing) {
    this.figure = figure;
    this.camera = camera;
    this.doing = doing;
    this.head = make("div", { class: "head" });
    this.canvas = make("canvas", { class: "glass", tabindex: "0", role: "application", "aria-label": label });
    this.ramp = make("canvas", { class: "ramp", width: "180", height: "12", "aria-hidden": "true" });
    this.legend = make("span");
    this.bar = make("div", { class: "bar" });
    this.says = make("figcaption", { class: "says" });
    this.figure.replaceChildren(this.head, this.canvas, this.bar, this.says);
    this.layers = {};
    this.look = { atoms: true, bonds: true, rings: true, overlay: false };
    camera.moved.add(() => this.later());
    new ResizeObserver(() => this.resized()).observe(this.canvas);
    this.listen();
  }

  // Draw what `layers` holds: plane, structure, squares, column, map, events, spots, chosen, image.
  show(layers) {
    this.layers = layers;
    this.scale = layers.column ? new Scale(layers.column, layers.palette, layers.limits) : null;
    this.colourBar();
    this.later();
  }

  resized() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width || !height) return;
    this.measured(width, height);
    if (this.layers.box && this.camera.whole) this.fit(); // all is shown until someone moves it
    this.later();
  }

  measured(width, height) {
    const ratio = window.devicePixelRatio || 1;
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  fit() {
    this.camera.whole = true;
    if (this.width && this.layers.box) this.camera.fit(this.layers.box, this.width, this.height);
  }

  later() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => { this.asked = false; this.draw(); });
  }

  draw() {
    if (!this.width || !this.layers.box) return;
    const begun = performance.now();
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    this.ink = style.getPropertyValue("--atoms").trim();
    this.ground = style.getPropertyValue("--stage").trim();
    pen.clearRect(0, 0, this.width, this.height);
    const { zoom, x, y } = this.camera;
    this.sx = (a) => x + zoom * a;
    this.sy = (b) => y - zoom * b;
    if (this.layers.image) drawImage(this, pen);
    if (this.layers.plane) {
      if (this.layers.sites) drawSites(this, pen);
      if (this.look.rings && !this.layers.sites) drawRings(this, pen);
      if (this.look.bonds) drawBonds(this, pen);
      if (this.look.atoms) drawAtoms(this, pen);
      if (this.look.overlay && this.layers.unsure) drawUnsure(this, pen);
      drawCell(this, pen);
    }
    if (this.layers.spots) this.layers.spots.draw(pen, this);
    drawMarks(this, pen);
    drawLength(this, pen);
    if (document.activeElement === this.canvas) drawCross(this, pen);
    this.took = performance.now() - begun;
  }

  colourBar() {
    const { column, title } = this.layers;
    if (!this.scale || !column) { this.bar.replaceChildren(this.layers.key || ""); return; }
    const pen = this.ramp.getContext("2d");
    this.scale.shades.forEach((shade, k) => {
      pen.fillStyle = shade;
      pen.fillRect((k * 180) / this.scale.shades.length, 0, 180 / this.scale.shades.length + 1, 12);
    });
    const { low, high, unit, beyond } = this.scale;
    const masked = column.values.length - this.scale.known;
    this.bar.replaceChildren(
      make("span", {}, title), make("span", {}, `${withUnit(low, unit)}${beyond[0] ? " or less" : ""}`), this.ramp, make("span", {}, `${withUnit(high, unit)}${beyond[1] ? " or more" : ""}`),
      masked ? make("span", {}, `grey: unknown (${masked})`) : "", this.look.overlay && this.layers.unsure ? make("span", {}, this.dots()) : "",
    );
  }

  // What the largest dots of the overlay stand for.
  dots() {
    const scale = new Scale(this.layers.unsure);
    return `dots: uncertainty, the largest ${withUnit(scale.high, scale.unit)}${scale.beyond[1] ? " or more" : ""}`;
  }

  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  inGlass(px, py) { return [(px - this.camera.x) / this.camera.zoom, (this.camera.y - py) / this.camera.zoom]; }

  // The atom at a place of the canvas; -1 where there is none.
  atomAt(px, py) {
    if (!this.layers.squares) return -1;
    const found = this.layers.squares.nearest(...this.inGlass(px, py));
    if (found < 0) return -1;
    const apart = Math.hypot(this.sx(this.layers.plane.x[found]) - px, this.sy(this.layers.plane.y[found]) - py);
    return apart <= Math.max(NEAR, 0.5 * this.camera.zoom * this.layers.plane.spacing) ? found : -1;
  }

  listen() {
    const { canvas } = this;
    let from = null;
    let dragged = false;
    const touches = new Map();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      touches.set(event.pointerId, this.at(event));
      from = this.at(event);
      this.rectangle = event.shiftKey || this.selecting ? { from, to: from } : null;
      dragged = false;
    });
    canvas.addEventListener("pointermove", (event) => {
      const to = this.at(event);
      if (!from) { this.hover(...to); return; }
      if (touches.size === 2) { this.pinch(touches, event.pointerId, to); dragged = true; return; }
      if (Math.hypot(to[0] - from[0], to[1] - from[1]) > 3) dragged = true;
      if (this.rectangle) { this.rectangle.to = to; this.draw(); this.drawRectangle(); return; }
      if (dragged) {
        const last = touches.get(event.pointerId);
        this.camera.move(to[0] - last[0], to[1] - last[1]);
      }
      touches.set(event.pointerId, to);
    });
    const up = (event) => {
      touches.delete(event.pointerId);
      if (!from) return;
      const to = this.at(event);
      if (this.rectangle && dragged) this.doing.rectangle(this.boxOf(this.rectangle));
      else if (!dragged && event.type === "pointerup") this.clicked(...to);
      this.rectangle = null;
      if (!touches.size) from = null;
      this.later();
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.camera.by(Math.exp(-event.deltaY / 400), ...this.at(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["focus", "blur"]) canvas.addEventListener(kind, () => this.later());
  }

  pinch(touches, id, to) {
    const other = [...touches].find(([key]) => key !== id)[1];
    const last = touches.get(id);
    const ratio = Math.hypot(to[0] - other[0], to[1] - other[1]) / Math.max(1, Math.hypot(last[0] - other[0], last[1] - other[1]));
    this.camera.by(ratio, (to[0] + other[0]) / 2, (to[1] + other[1]) / 2);
    touches.set(id, to);
  }

  boxOf({ from, to }) {
    const [a, b] = [this.inGlass(...from), this.inGlass(...to)];
    return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
  }

  drawRectangle() {
    const { from, to } = this.rectangle;
    const pen = this.canvas.getContext("2d");
    pen.strokeStyle = "#0b84f3";
    pen.lineWidth = 1.5;
    pen.strokeRect(from[0], from[1], to[0] - from[0], to[1] - from[1]);
  }

  clicked(px, py) {
    const place = this.inGlass(px, py);
    if (this.doing.clicked(place[0], place[1], this)) return;
    this.doing.picked(this.atomAt(px, py), this);
  }

  key(event) {
    const step = 40;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const [cx, cy] = [this.width / 2, this.height / 2];
    const does = {
      "+": () => this.camera.by(1.25, cx, cy), "=": () => this.camera.by(1.25, cx, cy), "-": () => this.camera.by(0.8, cx, cy),
      0: () => this.fit(), Enter: () => this.clicked(cx, cy),
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) this.camera.move(...moves[event.key].map((each) => (event.shiftKey ? 0.1 : 1) * each));
    else if (does[event.key]) does[event.key]();
    else return;
    event.preventDefault();
  }

  hover(px, py) {
    const text = this.told(px, py);
    if (text !== this.says.textContent) this.says.textContent = text;
  }

  // What is at a place of the canvas, in words.
  told(px, py) {
    if (this.layers.spots) return this.layers.spots.told(...this.inGlass(px, py));
    if (!this.layers.plane) return "";
    const atom = this.atomAt(px, py);
    const { structure, plane, column, sites, title } = this.layers;
    const words = [];
    if (atom >= 0) {
      const place = plane.pick.map((axis) => number(structure.positions[axis][atom] + structure.origin[axis], 5)).join(", ");
      words.push(`${structure.names[structure.species[atom]]} ${structure.ids[atom]} at ${plane.axes.join(", ")} = ${place} ${tidy(structure.length)}`);
    }
    if (column) {
      const site = sites ? this.siteAt(px, py) : atom;
      if (site >= 0) {
        const why = sites && this.layers.reasons && this.layers.reasons[site] ? ` (${this.layers.reasons[site]})` : "";
        words.push(`${title}: ${column.values[site] === null ? `unknown${why}` : withUnit(column.values[site], column.unit)}`);
      }
    }
    return words.join("; ");
  }

  siteAt(px, py) {
    const { sites } = this.layers;
    return sites.squares ? sites.squares.nearest(...this.inGlass(px, py)) : -1;
  }
}
