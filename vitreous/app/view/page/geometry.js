// Where atoms and sites are on the plane that is looked at.
export const PLANES = { xy: [0, 1], yz: [1, 2], zx: [2, 0] };

// The inverse of a 2 x 2 matrix whose rows are lattice vectors.
function inverse([[a, b], [c, d]]) {
  const det = a * d - b * c;
  return [[d / det, -b / det], [-c / det, a / det]];
}

// The part of an edge of the cell that is looked at: that with atoms where most of it is vacuum.
function filled(from, to, places) {
  let [low, high] = [Infinity, -Infinity];
  for (const place of places) { if (place < low) low = place; if (place > high) high = place; }
  const rim = 0.02 * (to - from);
  return high - low < 0.5 * (to - from) ? [low - rim, high + rim] : [from, to];
}

// A frame: coordinates x and y (Float64Array) of atoms in the plane, wrapped into the cell.
export class Plane {
  constructor(structure, plane, cell, positions) {
    const [i, j] = PLANES[plane] || PLANES.xy;
    this.cell = [[cell[i][i], cell[i][j]], [cell[j][i], cell[j][j]]];
    this.periodic = [structure.periodic[i], structure.periodic[j]];
    this.inverse = inverse(this.cell);
    this.axes = ["xyz"[i], "xyz"[j]];
    this.pick = [i, j];
    this.x = Float64Array.from(positions[i]);
    this.y = Float64Array.from(positions[j]);
    for (let k = 0; k < this.x.length; k += 1) [this.x[k], this.y[k]] = this.wrapped(this.x[k], this.y[k]);
    const corners = [[0, 0], this.cell[0], this.cell[1], [this.cell[0][0] + this.cell[1][0], this.cell[0][1] + this.cell[1][1]]];
    const xs = corners.map((c) => c[0]);
    const ys = corners.map((c) => c[1]);
    const [left, right] = filled(Math.min(...xs), Math.max(...xs), this.x);
    const [low, high] = filled(Math.min(...ys), Math.max(...ys), this.y);
    this.box = [left, low, right, high];
    this.corners = [corners[0], corners[1], corners[3], corners[2]];
  }

  wrapped(x, y) {
    const inv = this.inverse;
    let u = x * inv[0][0] + y * inv[1][0];
    let v = x * inv[0][1] + y * inv[1][1];
    if (this.periodic[0]) u -= Math.floor(u);
    if (this.periodic[1]) v -= Math.floor(v);
    return [u * this.cell[0][0] + v * this.cell[1][0], u * this.cell[0][1] + v * this.cell[1][1]];
  }

  // The shortest vector between images of two points.
  step(dx, dy) {
    const inv = this.inverse;
    let u = dx * inv[0][0] + dy * inv[1][0];
    let v = dx * inv[0][1] + dy * inv[1][1];
    if (this.periodic[0]) u -= Math.round(u);
    if (this.periodic[1]) v -= Math.round(v);
    return [u * this.cell[0][0] + v * this.cell[1][0], u * this.cell[0][1] + v * this.cell[1][1]];
  }
}

// Points in squares, to find the nearest one at once.
export class Squares {
  constructor(x, y, size) {
    this.size = size;
    this.x = x;
    this.y = y;
    this.squares = new Map();
    for (let k = 0; k < x.length; k += 1) {
      const key = this.key(Math.floor(x[k] / size), Math.floor(y[k] / size));
      const there = this.squares.get(key);
      if (there) there.push(k); else this.squares.set(key, [k]);
    }
  }

  key(i, j) { return i * 100003 + j; }

  nearest(x, y) {
    const i = Math.floor(x / this.size);
    const j = Math.floor(y / this.size);
    let best = -1;
    let least = this.size * this.size;
    for (let a = i - 1; a <= i + 1; a += 1) {
      for (let b = j - 1; b <= j + 1; b += 1) {
        for (const k of this.squares.get(this.key(a, b)) || []) {
          const apart = (this.x[k] - x) ** 2 + (this.y[k] - y) ** 2;
          if (apart < least) { least = apart; best = k; }
        }
      }
    }
    return best;
  }
}

// The longest bond that is whole in the undeformed glass; longer ones in a frame are broken.
export function brokenLength(structure) {
  if (!structure.bonds.length || !structure.bonds[0].length) return Infinity;
  return structure.names.includes("Si") && structure.length === "angstrom" ? 2.2 : Infinity;
}

// Lengths of all bonds in three dimensions, by minimum image along periodic axes of a frame.
export function bondLengths(structure, positions, cell) {
  const d = structure.dimension;
  const [from, to] = structure.bonds;
  const lengths = new Float64Array(from.length);
  const inv = inverseOf(cell, d);
  for (let k = 0; k < from.length; k += 1) {
    const step = Array.from({ length: d }, (_, a) => positions[a][to[k]] - positions[a][from[k]]);
    const share = Array.from({ length: d }, (_, a) => step.reduce((sum, s, b) => sum + s * inv[b][a], 0));
    const back = share.map((s, a) => (structure.periodic[a] ? s - Math.round(s) : s));
    lengths[k] = Math.hypot(...Array.from({ length: d }, (_, a) => back.reduce((sum, s, b) => sum + s * cell[b][a], 0)));
  }
  return lengths;
}

function inverseOf(cell, d) {
  if (d === 2) return inverse(cell);
  const [a, b, c] = cell;
  const cross = (u, v) => [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const rows = [cross(b, c), cross(c, a), cross(a, b)];
  const volume = a[0] * rows[0][0] + a[1] * rows[0][1] + a[2] * rows[0][2];
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => rows[j][i] / volume));
}
