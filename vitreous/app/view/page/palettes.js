// Colours that people who see few of them can tell apart, each with a use of its own.
const STOPS = {
  // from strong to weak, ever darker: that of the pages of runs
  weakness: ["#dcedf7", "#fbd58f", "#f4a259", "#dd5f3c", "#b01c2c", "#7a0a20"],
  // cividis (Nunez, Anderton & Renslow 2018)
  sequential: ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"],
  // PuOr (ColorBrewer)
  diverging: ["#2d004b", "#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7", "#fee0b6", "#fdb863", "#e08214", "#b35806", "#7f3b08"],
};
export const PALETTES = [["", "as the quantity asks"], ["weakness", "strong to weak"], ["sequential", "sequential (cividis)"], ["diverging", "diverging (purple to orange)"]];
export const BINS = 128;
export const MASKED = "#9aa0a8";

const channel = (hex, at) => parseInt(hex.slice(1 + 2 * at, 3 + 2 * at), 16);

function shades(stops) {
  return Array.from({ length: BINS }, (_, k) => {
    const at = (k / (BINS - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const rgb = [0, 1, 2].map((c) => Math.round(channel(stops[low], c) + (at - low) * (channel(stops[low + 1], c) - channel(stops[low], c))));
    return `rgb(${rgb.join(",")})`;
  });
}

const SHADES = Object.fromEntries(Object.entries(STOPS).map(([name, stops]) => [name, shades(stops)]));

// Rings by size, with 6 in the middle.
const RINGS = { 3: "#2d004b", 4: "#542788", 5: "#b2abd2", 6: "#e9e9ec", 7: "#fdb863", 8: "#e08214", 9: "#b35806" };
export const ringColour = (size) => RINGS[Math.min(Math.max(size, 3), 9)];

const SPECIES = { Si: "#c9a227", O: "#d0402b", A: "#c9a227", B: "#2a6fb0", Cu: "#c77c3b", Zr: "#3a8f86" };
const SPARE = ["#2a6fb0", "#c9a227", "#6d4b9a", "#3a8f86", "#d0402b", "#5b6470"];
export const speciesColour = (name, k) => SPECIES[name] || SPARE[k % SPARE.length];

// How values of one column become colours: limits at the 1st and 99th per cent.
export class Scale {
  constructor(column, palette = "", limits = null) {
    const known = column.values.filter((value) => value !== null).sort((a, b) => a - b);
    const at = (share) => (known.length ? known[Math.round(share * (known.length - 1))] : 0);
    this.known = known.length;
    [this.low, this.high] = limits || [at(0.01), at(0.99)];
    this.name = palette || (column.diverging ? "diverging" : column.weak_is ? "weakness" : "sequential");
    if (this.name === "diverging" && !limits) {
      const far = Math.max(Math.abs(this.low), Math.abs(this.high));
      [this.low, this.high] = [-far, far];
    }
    if (!limits && this.low >= 0 && this.low < 1e-3 * this.high) this.low = 0;
    if (!(this.high > this.low)) [this.low, this.high] = [this.low - 0.5, this.low + 0.5];
    // the weak side is the dark one
    this.shades = this.name === "weakness" && column.weak_is === "low" ? [...SHADES.weakness].reverse() : SHADES[this.name];
    this.unit = column.unit;
    // whether there are values on either side that have the colour of the end
    this.beyond = [known.length > 0 && known[0] < this.low, known.length > 0 && known.at(-1) > this.high];
  }

  bin(value) {
    return Math.max(0, Math.min(BINS - 1, Math.floor(((value - this.low) / (this.high - this.low)) * BINS)));
  }

  colour(value) {
    return value === null || value === undefined ? null : this.shades[this.bin(value)];
  }
}
