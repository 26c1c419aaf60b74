// Opens what is asked for, and wires the boxes to it.
import { Refused, about, json, post, save, take } from "./api.js";
import { App } from "./app.js";
import { pictureOf } from "./picture.js";
import { deformationBox } from "./deformation.js";
import { $, make } from "./dom.js";
import { loadingBox } from "./loading.js";
import { micrographBox } from "./micrograph.js";
import { runBox } from "./runs.js";
import { selectionBox, structureBox } from "./structure.js";

const BOXES = ["run", "image", "look", "load", "deform", "select", "files"];
const KINDS = { glass: "glasses", image: "micrographs", deformation: "deformations", run: "runs" };

const state = { files: [], models: [], potentials: [] };
const app = new App();
window.vitreous = app;
structureBox(app, state);
loadingBox(app, state);
const deformation = deformationBox(app, state);
selectionBox(app);
const openImage = micrographBox(app);
const openRun = runBox(app, state, deformation);
filesBox();

function list() {
  const groups = Object.entries(KINDS).map(([kind, title]) => {
    const files = state.files.filter((file) => file.kind === kind);
    return files.length ? make("optgroup", { label: title }, ...files.map(({ name }) => make("option", { value: name }, name))) : null;
  });
  $("files").replaceChildren(make("option", { value: "" }, state.files.length ? "choose a file …" : "nothing in this folder"), ...groups.filter(Boolean));
}

async function show(opened) {
  about(opened);
  app.warn("");
  app.clear();
  for (const view of app.views) { view.says.textContent = ""; view.selecting = false; }
  const listed = state.files.some(({ name }) => name === opened.name) && !opened.sent;
  $("files").value = listed ? opened.name : "";
  history.replaceState(null, "", listed ? `#${encodeURIComponent(opened.name)}` : " ");
  app.kind = opened.kind;
  app.unnamed = opened.unnamed || 0;
  $("empty").hidden = true;
  $("below").hidden = true;
  $("name").textContent = opened.name;
  document.title = `${opened.name} – Vitreous`;
  for (const each of BOXES) $(`box-${each}`).hidden = true;
  if (opened.kind === "image") await openImage(opened);
  else if (opened.kind === "run") await openRun(opened);
  else {
    app.setStructure(opened.structure);
    app.tell("structure");
    if (opened.trajectory) deformation.show(opened.trajectory);
    else if (opened.frames.length > 1) deformation.frames(opened.frames.map(({ strain }) => strain ?? null));
  }
  $("box-files").hidden = false;
  const told = opened.kind === "image" ? [] : opened.warnings || []; // those of an image stand beside it
  app.say(told.length ? told.join(" · ") : `${opened.name} is open`);
}

// Only what was asked for last is shown.
let asked = 0;
async function opening(work) {
  const mine = (asked += 1);
  document.body.setAttribute("aria-busy", "true");
  app.say("opening");
  try {
    const opened = await work();
    if (mine === asked) await show(opened);
  } catch (error) {
    if (mine !== asked) return;
    $("files").value = $("name").textContent; // what is still shown; nothing for a file that was sent
    failed(error);
  } finally { if (mine === asked) document.body.removeAttribute("aria-busy"); }
}

function failed(error) {
  app.warn(error instanceof Refused ? error.message : `the page failed: ${error.message}; load it again`);
  app.say("");
  if (!(error instanceof Refused)) throw error;
}

const open = (name) => opening(() => post("/api/open", { name }));
const send = (file) => opening(() => json(`/api/send/${encodeURIComponent(file.name)}`, { method: "PUT", raw: file }));

app.on("types", (names) => opening(() => post("/api/types", { names })));
$("files").addEventListener("change", (event) => { if (event.target.value) open(event.target.value); });
$("send").addEventListener("change", (event) => { if (event.target.files[0]) send(event.target.files[0]); event.target.value = ""; });
for (const kind of ["dragover", "dragenter"]) document.addEventListener(kind, (event) => { event.preventDefault(); document.body.classList.add("drop"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("drop"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("drop");
  if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
});

// Everything that can be taken away.
function filesBox() {
  const box = $("box-files");
  const button = (text, does, id = null) => make("button", { type: "button", id, onclick: () => does().catch((error) => app.warn(error.message)) }, text);
  const file = (name) => button(name, async () => { app.warn(""); await take(name); }, `take-${name.replace(".", "-")}`);
  const picture = button("view.png", async () => pictureOf(app.both ? app.views : app.views.slice(0, 1)).toBlob((blob) => save("view.png", blob)), "take-view-png");
  const fill = () => {
    const glass = ["glass.extxyz", "glass.dump", ...(app.structure && app.structure.periodic.every(Boolean) ? ["glass.data"] : [])];
    box.lastElementChild.replaceChildren(
      make("p", { class: "note" }, "the glass, for OVITO and LAMMPS"), make("div", { class: "row" }, ...glass.map(file), picture),
      make("p", { class: "note" }, "what the model said: a table, a picture, arrays, atoms with columns"), make("div", { class: "row" }, ...["csv", "png", "npz", "extxyz"].map((end) => file(`prediction.${end}`))),
      make("p", { class: "note" }, "the deformation: curve, events and frames"), make("div", { class: "row" }, file("deformation.zip")),
    );
  };
  app.on("structure", fill);
}

(async () => {
  try {
    Object.assign(state, await json("/api/state"));
    list();
    const before = decodeURIComponent(location.hash.slice(1)); // as the page was left
    const first = state.files.some(({ name }) => name === before) ? before : state.first;
    if (first) await open(first);
    else app.say("");
  } catch (error) { failed(error); }
})();

