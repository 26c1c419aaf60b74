// What a view draws of a glass, from the bottom to the top.
import { number, tidy } from "./dom.js";
import { Scale, ringColour, speciesColour, MASKED } from "./palettes.js";

const NEAR = 14; // pixels between marks that share one

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

export function drawImage(view, pen) {
  const { bitmap, width, height } = view.layers.image;
  pen.imageSmoothingEnabled = view.camera.zoom < 4;
  pen.drawImage(bitmap, view.sx(-0.5), view.sy(0.5), width * view.camera.zoom, height * view.camera.zoom);
}

export function drawSites(view, pen) {
  const { sites, plane } = view.layers;
  const { zoom } = view.camera;
  const byColour = new Map();
  sites.x.forEach((_, k) => {
    const colour = view.scale.colour(view.layers.column.values[k]) || "masked";
    if (byColour.has(colour)) byColour.get(colour).push(k); else byColour.set(colour, [k]);
  });
  for (const [colour, members] of byColour) {
    pen.fillStyle = colour === "masked" ? MASKED : colour;
    pen.beginPath();
    for (const k of members) {
      const px = view.sx(sites.x[k]);
      const py = view.sy(sites.y[k]);
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

export function drawRings(view, pen) {
  const { structure, plane } = view.layers;
  pen.globalAlpha = 0.55;
  for (const ring of structure.rings) {
    let x = plane.x[ring.atoms[0]];
    let y = plane.y[ring.atoms[0]];
    pen.beginPath();
    pen.moveTo(view.sx(x), view.sy(y));
    for (let k = 1; k < ring.atoms.length; k += 1) {
      const [dx, dy] = plane.step(plane.x[ring.atoms[k]] - x, plane.y[ring.atoms[k]] - y);
      x += dx;
      y += dy;
      pen.lineTo(view.sx(x), view.sy(y));
    }
    pen.fillStyle = ringColour(ring.size);
    pen.fill();
  }
  pen.globalAlpha = 1;
}

export function drawBonds(view, pen) {
  const { structure, plane, lengths, broken } = view.layers;
  const [from, to] = structure.bonds.length ? structure.bonds : [[], []];
  const lost = [];
  pen.strokeStyle = view.ink;
  pen.globalAlpha = 0.6;
  pen.lineWidth = Math.max(0.4, Math.min(2, 0.12 * view.camera.zoom));
  pen.beginPath();
  for (let k = 0; k < from.length; k += 1) {
    if (lengths && lengths[k] > broken) { lost.push(k); continue; }
    const x = plane.x[from[k]];
    const y = plane.y[from[k]];
    const [dx, dy] = plane.step(plane.x[to[k]] - x, plane.y[to[k]] - y);
    pen.moveTo(view.sx(x), view.sy(y));
    pen.lineTo(view.sx(x + dx), view.sy(y + dy));
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
    pen.moveTo(view.sx(plane.x[from[k]]), view.sy(plane.y[from[k]]));
    pen.lineTo(view.sx(plane.x[from[k]] + dx), view.sy(plane.y[from[k]] + dy));
  }
  pen.stroke();
  pen.setLineDash([]);
}

// Atoms by colour, so that each colour is set once; those outside the view are passed over.
export function drawAtoms(view, pen) {
  const { structure, plane, column, sites, chosen } = view.layers;
  const { zoom } = view.camera;
  const byAtom = column && !sites;
  const radius = (sites ? 0.16 : 0.34) * zoom * plane.spacing;
  const byColour = new Map();
  for (let k = 0; k < plane.x.length; k += 1) {
    const px = view.sx(plane.x[k]);
    const py = view.sy(plane.y[k]);
    if (px < -radius || py < -radius || px > view.width + radius || py > view.height + radius) continue;
    const species = structure.species[k];
    const colour = byAtom ? view.scale.colour(column.values[k]) || MASKED : sites ? view.ink : speciesColour(structure.names[species], species);
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
    pen.moveTo(view.sx(plane.x[k]) + size, view.sy(plane.y[k]));
    pen.arc(view.sx(plane.x[k]), view.sy(plane.y[k]), size, 0, 2 * Math.PI);
  }
  pen.stroke();
}

// Where a model is unsure: dots, larger with the deviation.
export function drawUnsure(view, pen) {
  const { unsure, plane } = view.layers;
  const { x, y } = unsure.places;
  const scale = new Scale(unsure);
  pen.fillStyle = "#111";
  pen.strokeStyle = "#fff";
  pen.lineWidth = 0.7;
  const most = Math.max(2, Math.min(9, 0.45 * view.camera.zoom * plane.spacing));
  pen.beginPath();
  unsure.values.forEach((value, k) => {
    if (value === null) return;
    const share = Math.max(0, Math.min(1, (value - scale.low) / (scale.high - scale.low)));
    if (share < 0.15) return;
    pen.moveTo(view.sx(x[k]) + share * most, view.sy(y[k]));
    pen.arc(view.sx(x[k]), view.sy(y[k]), share * most, 0, 2 * Math.PI);
  });
  pen.fill();
  pen.stroke();
}

export function drawCell(view, pen) {
  pen.strokeStyle = view.ink;
  pen.lineWidth = 1;
  pen.beginPath();
  view.layers.plane.corners.forEach(([a, b], k) => (k ? pen.lineTo(view.sx(a), view.sy(b)) : pen.moveTo(view.sx(a), view.sy(b))));
  pen.closePath();
  pen.stroke();
}

// Numbered events and the likeliest spots.
export function drawMarks(view, pen) {
  pen.font = "bold 12px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const mark of together((view.layers.marks || []).map((each) => ({ ...each, px: view.sx(each.x), py: view.sy(each.y) })))) {
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
  if (view.layers.arrow) drawArrow(view, pen, view.layers.arrow);
}

// The direction of the loading, in the upper right corner.
export function drawArrow(view, pen, { angle, stretch }) {
  const [cx, cy, size] = [view.width - 44, 44, 28];
  const turn = (-angle * Math.PI) / 180;
  pen.save();
  pen.translate(cx, cy);
  pen.fillStyle = view.ground;
  pen.globalAlpha = 0.8;
  pen.beginPath();
  pen.arc(0, 0, size + 8, 0, 2 * Math.PI);
  pen.fill();
  pen.globalAlpha = 1;
  pen.rotate(turn);
  pen.strokeStyle = view.ink;
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
export function drawLength(view, pen) {
  const target = 90 / view.camera.zoom;
  const power = 10 ** Math.floor(Math.log10(target));
  const length = [5, 2, 1].map((k) => k * power).find((value) => value <= target) || power;
  const pixels = length * view.camera.zoom;
  pen.fillStyle = view.ground;
  pen.globalAlpha = 0.85;
  pen.fillRect(8, view.height - 34, pixels + 16, 28);
  pen.globalAlpha = 1;
  pen.strokeStyle = view.ink;
  pen.fillStyle = view.ink;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(16, view.height - 12);
  pen.lineTo(16 + pixels, view.height - 12);
  pen.stroke();
  pen.font = "12px system-ui, sans-serif";
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  pen.fillText(`${number(length)} ${tidy(view.layers.unit)}`, 16, view.height - 18);
}

export function drawCross(view, pen) {
  pen.strokeStyle = view.ink;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(view.width / 2 - 9, view.height / 2);
  pen.lineTo(view.width / 2 + 9, view.height / 2);
  pen.moveTo(view.width / 2, view.height / 2 - 9);
  pen.lineTo(view.width / 2, view.height / 2 + 9);
  pen.stroke();
}
