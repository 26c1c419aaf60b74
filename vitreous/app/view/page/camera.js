// What of a glass a view shows.
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
