// One view of a glass on a canvas: maps, rings, bonds, atoms, events, and what is under the pointer.
import { make, number, tidy, withUnit } from "./dom.js";
import { Scale, ringColour, speciesColour, MASKED } from "./palettes.js";

const NEAR = 14; // pixels within which something is under the pointer

// Marks that would cover each other share one.
function together(marks) {
  const found = [];
  for (const mark of marks) {
    const there = found.find((other) => Math.hypot(other.px - mark.px, other.py - mark.py) < NEAR);
    if (there) Object.assign(there, { text: `${there.text}, ${mark.text}`, now: there.now || mark.now });
    else found.push(mark);
  }
  return found;
}

// Scale and offset that several views share: screen = offset + zoom * (x, -y).
export class Camera {
  constructor() { this.zoom = 1; this.x = 0; this.y = 0; this.whole = true; this.moved = new Set(); }

  fit(box, width, height) {
    const margin = 14;
    this.zoom = Math.min((width - 2 * margin) / (box[2] - box[0]), (height - 2 * margin) / (box[3] - box[1]));
    this.x = width / 2 - (this.zoom * (box[0] + box[2])) / 2;
    this.y = height / 2 + (this.zoom * (box[1] + box[3])) / 2;
    this.tell();
  }

  by(factor, px, py) {
    const zoom = Math.max(0.02, Math.min(4000, this.zoom * factor));
    const ratio = zoom / this.zoom;
    this.x = px - ratio * (px - this.x);
    this.y = py - ratio * (py - this.y);
    this.zoom = zoom;
    this.whole = false;
    this.tell();
  }

  move(dx, dy) { this.x += dx; this.y += dy; this.whole = false; this.tell(); }

  tell() { for (const each of this.moved) each(); }
}

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
    if (this.layers.image) this.drawImage(pen);
    if (this.layers.plane) {
      if (this.layers.sites) this.drawSites(pen);
      if (this.look.rings && !this.layers.sites) this.drawRings(pen);
      if (this.look.bonds) this.drawBonds(pen);
      if (this.look.atoms) this.drawAtoms(pen);
      if (this.look.overlay && this.layers.unsure) this.drawUnsure(pen);
      this.drawCell(pen);
    }
    if (this.layers.spots) this.layers.spots.draw(pen, this);
    this.drawMarks(pen);
    this.drawLength(pen);
    if (document.activeElement === this.canvas) this.drawCross(pen);
    this.took = performance.now() - begun;
  }

  drawImage(pen) {
    const { bitmap, width, height } = this.layers.image;
    pen.imageSmoothingEnabled = this.camera.zoom < 4;
    pen.drawImage(bitmap, this.sx(-0.5), this.sy(0.5), width * this.camera.zoom, height * this.camera.zoom);
  }

  drawSites(pen) {
    const { sites, plane } = this.layers;
    const { zoom } = this.camera;
    const byColour = new Map();
    sites.x.forEach((_, k) => {
      const colour = this.scale.colour(this.layers.column.values[k]) || "masked";
      if (byColour.has(colour)) byColour.get(colour).push(k); else byColour.set(colour, [k]);
    });
    for (const [colour, members] of byColour) {
      pen.fillStyle = colour === "masked" ? MASKED : colour;
      pen.beginPath();
      for (const k of members) {
        const px = this.sx(sites.x[k]);
        const py = this.sy(sites.y[k]);
        if (sites.steps) {
          const [[ax, ay], [bx, by]] = sites.steps.map(([a, b]) => [0.51 * zoom * a, -0.51 * zoom * b]);
          pen.moveTo(px - ax - bx, py - ay - by);
          pen.lineTo(px + ax - bx, py + ay - by);
          pen.lineTo(px + ax + bx, py + ay + by);
          pen.lineTo(px - ax + bx, py - ay + by);
          pen.closePath();
        } else if (colour === "masked") {
          pen.rect(px - 1.5, py - 1.5, 3, 3);
        } else {
          const radius = Math.max(2, 0.45 * zoom * plane.spacing);
          pen.moveTo(px + radius, py);
          pen.arc(px, py, radius, 0, 2 * Math.PI);
        }
      }
      pen.fill();
    }
  }

  drawRings(pen) {
    const { structure, plane } = this.layers;
    pen.globalAlpha = 0.55;
    for (const ring of structure.rings) {
      let x = plane.x[ring.atoms[0]];
      let y = plane.y[ring.atoms[0]];
      pen.beginPath();
      pen.moveTo(this.sx(x), this.sy(y));
      for (let k = 1; k < ring.atoms.length; k += 1) {
        const [dx, dy] = plane.step(plane.x[ring.atoms[k]] - x, plane.y[ring.atoms[k]] - y);
        x += dx;
        y += dy;
        pen.lineTo(this.sx(x), this.sy(y));
      }
      pen.fillStyle = ringColour(ring.size);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  drawBonds(pen) {
    const { structure, plane, lengths, broken } = this.layers;
    const [from, to] = structure.bonds.length ? structure.bonds : [[], []];
    const lost = [];
    pen.strokeStyle = this.ink;
    pen.globalAlpha = 0.6;
    pen.lineWidth = Math.max(0.4, Math.min(2, 0.12 * this.camera.zoom));
    pen.beginPath();
    for (let k = 0; k < from.length; k += 1) {
      if (lengths && lengths[k] > broken) { lost.push(k); continue; }
      const x = plane.x[from[k]];
      const y = plane.y[from[k]];
      const [dx, dy] = plane.step(plane.x[to[k]] - x, plane.y[to[k]] - y);
      pen.moveTo(this.sx(x), this.sy(y));
      pen.lineTo(this.sx(x + dx), this.sy(y + dy));
    }
    pen.stroke();
    pen.globalAlpha = 1;
    if (!lost.length) return;
    pen.strokeStyle = "#b01c2c";
    pen.lineWidth = 3;
    pen.setLineDash([4, 3]);
    pen.beginPath();
    for (const k of lost) {
      const [dx, dy] = plane.step(plane.x[to[k]] - plane.x[from[k]], plane.y[to[k]] - plane.y[from[k]]);
      pen.moveTo(this.sx(plane.x[from[k]]), this.sy(plane.y[from[k]]));
      pen.lineTo(this.sx(plane.x[from[k]] + dx), this.sy(plane.y[from[k]] + dy));
    }
    pen.stroke();
    pen.setLineDash([]);
  }

  // Atoms by colour, so that each colour is set once; those outside the view are passed over.
  drawAtoms(pen) {
    const { structure, plane, column, sites, chosen } = this.layers;
    const { zoom } = this.camera;
    const byAtom = column && !sites;
    const radius = (sites ? 0.16 : 0.34) * zoom * plane.spacing;
    const byColour = new Map();
    for (let k = 0; k < plane.x.length; k += 1) {
      const px = this.sx(plane.x[k]);
      const py = this.sy(plane.y[k]);
      if (px < -radius || py < -radius || px > this.width + radius || py > this.height + radius) continue;
      const species = structure.species[k];
      const colour = byAtom ? this.scale.colour(column.values[k]) || MASKED : sites ? this.ink : speciesColour(structure.names[species], species);
      const bucket = byColour.get(colour);
      if (bucket) bucket.push(px, py, species); else byColour.set(colour, [px, py, species]);
    }
    const small = radius < 1.6;
    for (const [colour, at] of byColour) {
      pen.fillStyle = colour;
      pen.beginPath();
      for (let k = 0; k < at.length; k += 3) {
        const size = Math.max(0.6, structure.names[at[k + 2]] === "O" ? 0.72 * radius : radius);
        if (small) pen.rect(at[k] - size, at[k + 1] - size, 2 * size, 2 * size);
        else { pen.moveTo(at[k] + size, at[k + 1]); pen.arc(at[k], at[k + 1], size, 0, 2 * Math.PI); }
      }
      pen.fill();
    }
    if (!chosen || !chosen.size) return;
    pen.strokeStyle = "#0b84f3";
    pen.lineWidth = 2;
    pen.beginPath();
    for (const k of chosen) {
      const size = Math.max(4, radius + 1.5);
      pen.moveTo(this.sx(plane.x[k]) + size, this.sy(plane.y[k]));
      pen.arc(this.sx(plane.x[k]), this.sy(plane.y[k]), size, 0, 2 * Math.PI);
    }
    pen.stroke();
  }

  // Where a model is unsure: dots, larger with the deviation.
  drawUnsure(pen) {
    const { unsure, plane } = this.layers;
    const { x, y } = unsure.places;
    const scale = new Scale(unsure);
    pen.fillStyle = "#111";
    pen.strokeStyle = "#fff";
    pen.lineWidth = 0.7;
    const most = Math.max(2, Math.min(9, 0.45 * this.camera.zoom * plane.spacing));
    pen.beginPath();
    unsure.values.forEach((value, k) => {
      if (value === null) return;
      const share = Math.max(0, Math.min(1, (value - scale.low) / (scale.high - scale.low)));
      if (share < 0.15) return;
      pen.moveTo(this.sx(x[k]) + share * most, this.sy(y[k]));
      pen.arc(this.sx(x[k]), this.sy(y[k]), share * most, 0, 2 * Math.PI);
    });
    pen.fill();
    pen.stroke();
  }

  drawCell(pen) {
    pen.strokeStyle = this.ink;
    pen.lineWidth = 1;
    pen.beginPath();
    this.layers.plane.corners.forEach(([a, b], k) => (k ? pen.lineTo(this.sx(a), this.sy(b)) : pen.moveTo(this.sx(a), this.sy(b))));
    pen.closePath();
    pen.stroke();
  }

  // Numbered events and the likeliest spots.
  drawMarks(pen) {
    pen.font = "bold 12px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const mark of together((this.layers.marks || []).map((each) => ({ ...each, px: this.sx(each.x), py: this.sy(each.y) })))) {
      const { px, py } = mark;
      const half = Math.max(10, pen.measureText(mark.text).width / 2 + 5);
      pen.fillStyle = "#ffffff";
      pen.strokeStyle = mark.now ? "#b01c2c" : "#222222";
      pen.lineWidth = mark.now ? 3 : 1.4;
      pen.beginPath();
      pen.roundRect(px - half, py - 10, 2 * half, 20, 9);
      pen.fill();
      pen.stroke();
      pen.fillStyle = "#1d2126";
      pen.fillText(mark.text, px, py + 0.5);
    }
    if (this.layers.arrow) this.drawArrow(pen, this.layers.arrow);
  }

  // The direction of the loading, in the upper right corner.
  drawArrow(pen, { angle, stretch }) {
    const [cx, cy, size] = [this.width - 44, 44, 28];
    const turn = (-angle * Math.PI) / 180;
    pen.save();
    pen.translate(cx, cy);
    pen.fillStyle = this.ground;
    pen.globalAlpha = 0.8;
    pen.beginPath();
    pen.arc(0, 0, size + 8, 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
    pen.rotate(turn);
    pen.strokeStyle = this.ink;
    pen.lineWidth = 2;
    pen.beginPath();
    for (const side of [1, -1]) {
      pen.moveTo(side * 7, 0);
      pen.lineTo(side * size, 0);
      pen.moveTo(side * (stretch ? size : 7), 0);
      pen.lineTo(side * ((stretch ? size : 7) + (stretch ? -7 : 7)), -5);
      pen.moveTo(side * (stretch ? size : 7), 0);
      pen.lineTo(side * ((stretch ? size : 7) + (stretch ? -7 : 7)), 5);
    }
    pen.stroke();
    pen.restore();
  }

  // A bar of a round length.
  drawLength(pen) {
    const target = 90 / this.camera.zoom;
    const power = 10 ** Math.floor(Math.log10(target));
    const length = [5, 2, 1].map((k) => k * power).find((value) => value <= target) || power;
    const pixels = length * this.camera.zoom;
    pen.fillStyle = this.ground;
    pen.globalAlpha = 0.85;
    pen.fillRect(8, this.height - 34, pixels + 16, 28);
    pen.globalAlpha = 1;
    pen.strokeStyle = this.ink;
    pen.fillStyle = this.ink;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(16, this.height - 12);
    pen.lineTo(16 + pixels, this.height - 12);
    pen.stroke();
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    pen.fillText(`${number(length)} ${tidy(this.layers.unit)}`, 16, this.height - 18);
  }

  drawCross(pen) {
    pen.strokeStyle = this.ink;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(this.width / 2 - 9, this.height / 2);
    pen.lineTo(this.width / 2 + 9, this.height / 2);
    pen.moveTo(this.width / 2, this.height / 2 - 9);
    pen.lineTo(this.width / 2, this.height / 2 + 9);
    pen.stroke();
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

// The words and colours under a view in lines as wide as that, and how high they are.
function legendOf(view, pen, ratio) {
  const leaves = document.createTreeWalker(view.bar, NodeFilter.SHOW_ALL, (node) => (node.nodeType === Node.TEXT_NODE || node.nodeName === "CANVAS" ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP));
  const [left, line] = [10 * ratio, 22 * ratio];
  const parts = [];
  let [x, y] = [left, 0];
  while (leaves.nextNode()) {
    const part = leaves.currentNode;
    const width = part.nodeName === "CANVAS" ? part.width * ratio : pen.measureText(part.textContent).width;
    if (x > left && x + width > view.canvas.width) [x, y] = [left, y + line];
    parts.push({ part, x, y });
    x += width + 8 * ratio;
  }
  return { parts, height: y + line + 4 * ratio };
}

// The views beside each other, each with its words and colours, as one picture.
export function pictureOf(views) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [views[0].canvas.width, views[0].canvas.height];
  const picture = make("canvas");
  const pen = picture.getContext("2d");
  const font = `${12 * ratio}px system-ui, sans-serif`;
  pen.font = font;
  const legends = views.map((view) => legendOf(view, pen, ratio));
  picture.width = width * views.length;
  picture.height = height + Math.max(...legends.map((legend) => legend.height));
  const style = getComputedStyle(document.documentElement);
  pen.fillStyle = style.getPropertyValue("--stage").trim();
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.font = font;
  pen.textBaseline = "middle";
  pen.fillStyle = style.getPropertyValue("--ink").trim();
  views.forEach((view, k) => {
    pen.drawImage(view.canvas, k * width, 0);
    for (const { part, x, y } of legends[k].parts) {
      const middle = height + y + 13 * ratio;
      if (part.nodeName === "CANVAS") pen.drawImage(part, k * width + x, middle - 6 * ratio, part.width * ratio, part.height * ratio);
      else pen.fillText(part.textContent, k * width + x, middle);
    }
  });
  return picture;
}
