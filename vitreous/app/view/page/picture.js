// Views as a picture to keep.
import { make } from "./dom.js";

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
