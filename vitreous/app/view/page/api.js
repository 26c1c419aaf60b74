// What the page asks the server. Every request carries the token of the address.
let opening = null; // the number of what is open here, which requests are about
const token = new URLSearchParams(location.search).get("token") || "";

export class Refused extends Error {}

export const about = (opened) => { opening = opened.opening ?? null; };

async function answered(response) {
  if (response.ok) return response;
  const text = await response.text();
  let sentence = text;
  try {
    const told = JSON.parse(text);
    sentence = told.error || "the server did not understand the request; load the page again";
  } catch { /* a sentence as it is */ }
  throw new Refused(sentence || `the server answered with status ${response.status}`);
}

export async function ask(path, { method = "GET", body, raw } = {}) {
  const headers = { "X-Vitreous-Token": token };
  if (opening !== null) headers["X-Vitreous-Opening"] = String(opening);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)) });
  } catch {
    throw new Refused("the server does not answer; start vitreous view again");
  }
  return answered(response);
}

export const json = async (path, options) => (await ask(path, options)).json();
export const post = (path, body) => json(path, { method: "POST", body });

// Follow a long computation; `shown` hears how far it is. `stop` of what is returned ends it.
export function follow(begun, shown) {
  const number = begun.job;
  const done = (async () => {
    let told = begun;
    while (told.state === "waiting" || told.state === "running") {
      shown(told);
      await new Promise((resolve) => setTimeout(resolve, told.seconds < 2 ? 80 : 400));
      told = await json(`/api/job/${number}`);
    }
    if (told.state === "done") return { ...told.result, seconds: told.seconds };
    throw new Refused(told.state === "stopped" ? "stopped" : told.error);
  })();
  return { done, stop: () => json(`/api/job/${number}`, { method: "DELETE" }) };
}

// Hand the browser a file to save.
export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export const take = async (name) => save(name, await (await ask(`/api/file/${encodeURIComponent(name)}`)).blob());
