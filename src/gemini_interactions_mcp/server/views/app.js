"use strict";
// The views of Gemini interactions: one page for a frame in an MCP Apps host and for a browser.
// All data is untrusted: texts become text nodes, `html` is copied tag by tag, and any field may be missing.

/** @typedef {Record<string, any>} Data */
/** @typedef {{id?: string, list?: string}} Place  an interaction, or a list */

const VIEW_KEY = "gemini-interactions/view";
const PROTOCOL = "2026-01-26";
const INLINE_HEIGHT = 800;
const LARGEST_MEDIA = 96e6;
const LOADED_AT_ONCE = 2e6;
const WIDE = matchMedia("(min-width: 64rem)");
/** Default of parameters that may be anything. @type {any} */
const NONE = undefined;

// ---- Reading untrusted data

/** @returns {Data} */
const obj = (value = NONE) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
/** @returns {any[]} */
const list = (value = NONE) => (Array.isArray(value) ? value : []);
const objs = (value = NONE) => list(value).map((item) => obj(item));
/** @returns {string} */
const str = (value = NONE) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");
/** @returns {number | null} */
const num = (value = NONE) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** Returns the address if it may be linked to. */
function checkAddress(value = NONE) {
  const url = URL.canParse(str(value)) ? new URL(str(value)) : null;
  return url && ["https:", "http:", "mailto:"].includes(url.protocol) ? url.href : "";
}

// ---- Making elements

/** @typedef {string | Node | false | null | undefined} Child */
/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T | `${T}.${string}`} name tag, or tag.class
 * @param {Data | Child} [props] attributes and listeners; or the first child
 * @param {...Child} children */
function el(name, props, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(/** @type {T} */ (tag));
  if (classes.length) node.className = classes.join(" ");
  if (props && typeof props === "object" && !(props instanceof Node)) setProps(node, props);
  else children.unshift(/** @type {Child} */ (props));
  for (const child of children) if (child) node.append(child);
  return node;
}

/** @param {Element} node */
function setProps(node, props = NONE) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {...Child} children */
function svg(tag = "svg", props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setProps(node, props);
  for (const child of children) if (child) node.append(child);
  return node;
}

/** @type {Data} */
const ICONS = {
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  expand: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
};
const icon = (name = "") =>
  svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));

/** @param {(event: Event) => unknown} click */
const button = (label = "", click = NONE, symbol = "", props = {}) =>
  el("button.button", { type: "button", click, ...props }, symbol && icon(symbol), label);
/** @param {(event: Event) => unknown} click */
const iconButton = (label = "", symbol = "", click = NONE) =>
  el("button.button.bare", { type: "button", "aria-label": label, title: label, click }, icon(symbol));

/** @returns {HTMLElement} */
const byId = (id = "") => /** @type {any} */ (document.getElementById(id));
const main = byId("view");

/** Says something to screen readers only. */
const announce = (text = "") => void (byId("announcer").textContent = text);

/** Makes a line beside controls that says what they did. */
const makeNote = () => el("p.note", { role: "status" });

function say(note = makeNote(), text = "", bad = false) {
  note.textContent = text;
  note.classList.toggle("bad", bad);
}

const describe = (error = NONE) => (error instanceof Error && error.message) || "Something went wrong.";

// ---- Numbers and dates in the user's language

/** @type {{locale?: string, zone?: string}} */
const region = {};

/** Undoes what an address has encoded. */
const decode = (part = "") => attempt(() => decodeURIComponent(part)) ?? part;

/** Returns what `work` does, unless Intl does not know what it was given. @param {() => string | undefined} work */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function setRegion(context = NONE) {
  region.locale = attempt(() => Intl.getCanonicalLocales(str(context.locale).replace(/_/g, "-"))[0]);
  region.zone = attempt(() => new Intl.DateTimeFormat("en", { timeZone: context.timeZone }).resolvedOptions().timeZone);
}

const formatNumber = (value = NONE, options = {}) =>
  new Intl.NumberFormat(region.locale, { maximumFractionDigits: 1, ...options }).format(num(value) ?? 0);

function formatMoney(value = NONE) {
  const amount = num(value);
  const digits = amount && Math.abs(amount) < 0.1 ? 4 : 2;
  const style = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" };
  return amount === null ? "" : formatNumber(amount, { ...style, minimumFractionDigits: 2, maximumFractionDigits: digits });
}

function formatDate(value = NONE, options = /** @type {Data} */ ({ dateStyle: "medium", timeStyle: "short" })) {
  const date = new Date(str(value));
  const form = /** @type {Intl.DateTimeFormatOptions} */ ({ timeZone: region.zone, ...options });
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(region.locale, form).format(date);
}

const pad = (value = 0) => String(Math.floor(value)).padStart(2, "0");
function formatClock(value = NONE) {
  const seconds = Math.max(0, num(value) ?? 0);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return (hours ? `${hours}:${pad(minutes)}` : String(minutes)) + `:${pad(seconds % 60)}`;
}

function formatSeconds(value = NONE) {
  const seconds = num(value);
  if (seconds === null) return "";
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${formatNumber(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function formatBytes(value = NONE) {
  const bytes = num(value);
  if (bytes === null || bytes < 1000) return bytes === null ? "" : `${bytes} bytes`;
  return bytes < 1e6 ? `${formatNumber(bytes / 1e3)} kB` : `${formatNumber(bytes / 1e6)} MB`;
}

/** @type {Data} */
const KINDS = { ask: "Answer", analyze: "Analysis", image: "Picture" };

/** Names a word of the server, as `in_progress`. */
function nameWord(value = NONE) {
  const word = str(value).replace(/_/g, " ");
  return str(KINDS[word]) || word.charAt(0).toUpperCase() + word.slice(1);
}

/** @type {Data} */
const TONES = { completed: "good", failed: "bad", in_progress: "busy", queued: "busy", unknown: "busy" };
const badge = (status = NONE) =>
  el(`span.badge.${str(TONES[str(status)]) || "other"}`, nameWord(status) || "Unknown");

// ---- Connections: to a host by messages, to the local viewer by HTTP

/** The server has refused, with nothing done. */
class Refusal extends Error {}
/** The browser has no session. */
class NoSession extends Error {}

/** @type {Data} */
let hostContext = {};
/** @type {Data} */
let abilities = {};

class HostConnection {
  /** @type {Map<unknown, (answer: Data) => void>} */
  waiting = new Map();
  lastId = 0;

  constructor() {
    window.addEventListener("message", (event) => this.receive(event));
  }

  send(message = {}) {
    window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  /** @returns {Promise<Data>} */
  request(method = "", params = {}, seconds = 60) {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const settle = (answer = NONE) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (answer.error) reject(new Error(str(answer.error.message) || "The host has refused this."));
        else resolve(obj(answer.result));
      };
      const timer = setTimeout(settle, seconds * 1000, { error: { message: "The host has not answered." } });
      this.waiting.set(id, settle);
      this.send({ id, method, params });
    });
  }

  /** @param {MessageEvent} event */
  receive(event) {
    const message = obj(event.data);
    if (event.source !== window.parent || message.jsonrpc !== "2.0") return;
    if (typeof message.method !== "string") this.waiting.get(message.id)?.(message);
    else if (message.id === undefined) takeNews(message.method, obj(message.params));
    else this.answer(message.id, message.method);
  }

  answer(id = NONE, method = "") {
    const known = method === "ping" || method === "ui/resource-teardown";
    if (method === "ui/resource-teardown") showMessage("This view is closed.");
    this.send(known ? { id, result: {} } : { id, error: { code: -32601, message: "Method not found" } });
  }
}

/** The local viewer. */
const LOCAL = {
  /** @returns {Promise<Data>} */
  async request(method = "", params = {}, seconds = 60) {
    const answer = await post("/rpc", { method, params }, seconds);
    if (answer.status === 401) throw new NoSession();
    const { error, result } = obj(await answer.json().catch(() => ({ error: {} })));
    if (error) throw new Error(str(obj(error).message) || "The viewer has refused this.");
    return obj(result);
  },
};

async function post(path = "", body = {}, seconds = 60) {
  const headers = { "Content-Type": "application/json", "X-Gemini-View": "1" };
  const signal = AbortSignal.timeout(seconds * 1000);
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal }).catch(() => {
    throw new Error("The viewer does not answer. Is gemini-interactions-mcp view still running?");
  });
}

const host = window.parent === window ? null : new HostConnection();
const connection = host ?? LOCAL;
const can = (ability = "") => !host || ability in abilities;
const canCall = () => can("serverTools");

/** @type {string[]} */
let offeredTools = [];
const offers = (tool = "") => canCall() && offeredTools.includes(tool);

const readText = (result = NONE) =>
  objs(result.content).map((block) => str(block.text)).filter(Boolean).join("\n\n");

/** @returns {Promise<Data>} */
async function callTool(name = "", args = {}, seconds = 60) {
  const result = await connection.request("tools/call", { name, arguments: args }, seconds);
  if (result.isError) throw new Refusal(readText(result) || "The server has refused this.");
  return result;
}

/** @returns {Promise<Data>} */
async function readView(args = {}) {
  const result = await callTool("read_view", args);
  const view = obj(result._meta)[VIEW_KEY];
  return view ? obj(view) : { text: readText(result) || "The host has dropped the data of this view." };
}

function openLink(url = "") {
  const address = checkAddress(url);
  if (address && host && can("openLinks")) host.request("ui/open-link", { url: address }).catch(() => {});
  else if (address) window.open(address, "_blank", "noopener");
}

async function download(name = "", uri = "") {
  const resource = objs((await connection.request("resources/read", { uri }, 300)).contents)[0];
  if (!resource) throw new Error("There is nothing in this file.");
  if (host && can("downloadFile")) {
    const answer = await host.request("ui/download-file", { contents: [{ type: "resource", resource }] }, 300);
    if (answer.isError) throw new Error("The host has not saved the file.");
    return;
  }
  const bytes = resource.blob ? Uint8Array.from(atob(resource.blob), (byte) => byte.charCodeAt(0)) : str(resource.text);
  const href = URL.createObjectURL(new Blob([bytes], { type: str(resource.mimeType) }));
  el("a", { href, download: name }).click();
  setTimeout(URL.revokeObjectURL, 60_000, href);
}

// ---- What is shown: one view at a time, whose work ends with it

/** Aborted once another view is shown or asked for: what answers later is dropped. */
let turn = new AbortController();
/** @type {Place} */
let here = {};
/** @type {Place[]} */
const trail = [];
/** Reads again what is shown. @type {(() => unknown) | null} */
let refresh = null;

function startTurn() {
  turn.abort();
  turn = new AbortController();
  refresh = null;
  return turn.signal;
}

/** @type {Record<string, (view: Data, signal: AbortSignal) => Child[]>} */
const VIEWS = {
  plan: showPlan,
  run: showRun,
  report: showReport,
  media: showMedia,
  history: showHistory,
  usage: showUsage,
};

/** @returns {Place} */
const placeOf = (view = NONE) =>
  ["history", "usage"].includes(view.view) ? { list: view.view } : { id: str(obj(view.interaction).id) };
const hashOf = (place = here) => (place.id ? `#i/${encodeURIComponent(place.id)}` : `#${place.list ?? ""}`);

/** Shows a view; with the focus on its heading where the user has asked for it. */
function show(view = NONE, focus = false) {
  const signal = startTurn();
  const known = Object.hasOwn(VIEWS, str(view.view));
  if (view.tools) offeredTools = list(view.tools);
  if (known) here = placeOf(view);
  hideTip();
  main.className = known ? view.view : "plain";
  try {
    const nodes = known ? VIEWS[view.view]?.(view, signal) : showPlain(str(view.text) || JSON.stringify(view, null, 2));
    main.replaceChildren(...(nodes ?? []).filter((node) => node instanceof Node));
  } catch (error) {
    main.replaceChildren(...showPlain(`This view could not be shown. ${describe(error)}`));
  }
  main.removeAttribute("aria-busy");
  showBar();
  const heading = main.querySelector("h1");
  document.title = `${heading?.textContent || "Gemini"} – Gemini interactions`;
  if (!focus) return;
  window.scrollTo(0, 0);
  heading?.focus({ preventScroll: true });
}

const showMessage = (text = "", focus = false) => show({ text }, focus);
const showPlain = (text = "") => [
  el("h1.unseen", { tabindex: "-1" }, "Message"),
  el("div.words", { dir: "auto" }, text),
];

/** Shows what a tool has returned. */
function showResult(result = NONE, input = NONE, focus = false) {
  const before = here;
  const text = readText(result);
  const view = obj(obj(result._meta)[VIEW_KEY]);
  // The outline and the sources are on the first page.
  const whole = Object.hasOwn(VIEWS, str(view.view)) && !((num(obj(view.text).page) ?? 1) > 1 && canCall());
  if (view.view === "history") takeFilters(obj(input));
  const id = str(placeOf(view).id) || /\binteraction_id: `?([\w.:=-]+)/.exec(text)?.[1] || str(obj(input).interaction_id);
  if (whole && !result.isError) show(view, focus);
  else if (id && !result.isError && canCall()) void load({ id }, focus);
  else showMessage(text || "There is nothing to show.", focus);
  if (!focus || hashOf(before) === hashOf(here)) return;
  trail.push(before);
  if (!host) window.history.pushState(null, "", hashOf(here));
  showBar();
}

async function load(place = here, focus = false) {
  const signal = startTurn();
  here = place;
  main.setAttribute("aria-busy", "true");
  try {
    const view = await readView(place.id ? { interaction_id: place.id } : { list: place.list, ...filtersOf(place) });
    if (!signal.aborted) show(view, focus);
  } catch (error) {
    if (!signal.aborted) showFailure(error, place);
  }
}

function showFailure(error = NONE, place = here) {
  const lost = error instanceof NoSession;
  const used = "This link has been used or the viewer was restarted. Run gemini-interactions-mcp view again.";
  showMessage(lost ? used : describe(error));
  if (lost) byId("bar").hidden = true;
  else main.append(button("Try again", () => load(place, true)));
}

/** Goes to a place as the user has asked. */
function go(place = here) {
  if (host) trail.push(here);
  if (host || window.location.hash === hashOf(place)) void load(place, true);
  else window.location.hash = hashOf(place);
}

function showBar() {
  const last = host && trail.at(-1);
  const back = last && button("Back", () => (trail.pop(), load(last, true)), "back", { class: "button bare back" });
  const tabs = ["history", "usage"].map((name) =>
    button(nameWord(name), () => go({ list: name }), "", {
      class: "button tab",
      "aria-current": here.list === name && "page",
    }),
  );
  const lists = (!host || (here.list && canCall())) && el("nav", { "aria-label": "Lists" }, ...tabs);
  const parts = [back, lists, fullscreenButton()].filter((part) => part instanceof Node);
  byId("bar").replaceChildren(...parts);
  byId("bar").hidden = !parts.length;
}

function fullscreenButton() {
  const full = hostContext.displayMode === "fullscreen";
  const mode = full ? "inline" : "fullscreen";
  if (!host || !list(hostContext.availableDisplayModes).includes(mode)) return null;
  return iconButton(full ? "Leave full screen" : "Full screen", full ? "close" : "expand", async () => {
    const answer = await host.request("ui/request-display-mode", { mode }).catch(() => obj());
    if (answer.mode) setContext({ displayMode: answer.mode });
  });
}

/**
 * Does something once at a time; its control rests until then, and `note` says what happened. What may have been paid
 * without an answer is not offered again until the user has looked.
 * @param {HTMLElement} control @param {() => Promise<string | void>} work */
async function doOnce(control, note = makeNote(), working = "", work, paying = false) {
  const group = control.closest("[data-once]") ?? control.parentElement ?? control;
  if (group.hasAttribute("data-busy")) return;
  const place = here;
  group.setAttribute("data-busy", "");
  control.setAttribute("aria-disabled", "true");
  say(note, working);
  try {
    say(note, (await work()) || "");
  } catch (error) {
    const unsure = paying && !(error instanceof Refusal);
    say(note, describe(error) + (unsure ? " It may have started all the same. " : ""), true);
    if (unsure) return note.append(button("Look", () => load(place, true)));
  }
  group.removeAttribute("data-busy");
  control.removeAttribute("aria-disabled");
}

/** Calls a tool by which the user goes on, and shows its result unless the user has left meanwhile. */
async function proceed(tool = "", args = {}) {
  const { signal } = turn;
  const result = await callTool(tool, args, 600);
  if (signal.aborted) announce("Done.");
  else showResult(result, args, true);
}

// ---- Parts of an interaction

/** @param {...Child} facts */
function showHead(item = NONE, ...facts) {
  const title = str(item.title) || str(item.topic) || "Untitled";
  const prompt = str(item.prompt).trim();
  const words = el("div.words", { dir: "auto" }, prompt);
  const kind = nameWord(item.kind) + (item.plan && !str(item.kind).endsWith("plan") ? " plan" : "");
  return el(
    "header.head",
    el("p.facts", el("span.kind", kind), badge(item.status), ...facts),
    el("h1", { tabindex: "-1", dir: "auto" }, title),
    prompt && prompt !== title.trim() && el("details.prompt", el("summary", "Prompt"), words),
    item.error && el("p.callout.bad", { dir: "auto" }, str(item.error)),
  );
}

const listFacts = (item = NONE) =>
  [formatDate(item.finished_at ?? item.created_at), formatSeconds(item.seconds), str(item.cost), str(item.maker)]
    .filter(Boolean)
    .map((text) => el("span", text));

/** Shows what came before and after. */
function showLineage(item = NONE) {
  const links = objs(item.followers).map((follower) => {
    const lead = follower.plan ? "Next plan: " : "Next: ";
    const text = str(follower.title) || nameWord(follower.kind);
    return el("li", lead, button(text, () => go({ id: str(follower.id) }), "", { class: "link", dir: "auto" }));
  });
  const previous = str(item.previous_interaction_id);
  if (previous) links.unshift(el("li", button("What came before", () => go({ id: previous }), "", { class: "link" })));
  return canCall() && links.length > 0 && el("nav.lineage", { "aria-label": "Conversation" }, el("ul", ...links));
}

/** Continues in the chat, where the host takes messages. */
function showFollowUp(item = NONE) {
  if (!host || !can("message")) return null;
  return promptForm("Ask a follow-up in the chat", "Send", "Sending…", async (text) => {
    const words = `About the Gemini interaction ${str(item.id)}: ${text}`;
    const answer = await host.request("ui/message", { role: "user", content: [{ type: "text", text: words }] }, 600);
    if (answer.isError) throw new Refusal("The host has not taken the message.");
    return "Sent to the chat.";
  });
}

/** @param {(text: string) => Promise<string | void>} work */
function promptForm(label = "", action = "", working = "", work, paying = false) {
  const note = makeNote();
  const area = el("textarea", { rows: 3, dir: "auto" });
  const send = el("button.button", action);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (text) void doOnce(send, note, working, () => work(text), paying);
    else area.focus();
  };
  return el("form.ask", { submit }, el("label", label, area), el("div.row", send, note));
}

// ---- The text of an answer

const COPIED = new Set(
  ("p br hr em strong s code pre blockquote ul ol li table thead tbody tr th td span sup " +
    "h1 h2 h3 h4 h5 h6 a img").split(" "),
);
const DROPPED = new Set("script style template iframe object embed svg math noscript textarea title select".split(" "));

/** Copies what `html` may have, with headings in order and ids that clash with no other. */
class TextCopier {
  /** @type {number[]} */
  levels = [];
  boxes = 0;

  /** @param {Map<string, Data>} sources @param {(name: string, alt: string) => Node} picture */
  constructor(sources, picture) {
    this.sources = sources;
    this.picture = picture;
  }

  copy(html = "") {
    const fragment = document.createDocumentFragment();
    this.copyChildren(new DOMParser().parseFromString(html, "text/html").body, fragment);
    return fragment;
  }

  /** @param {Node} from @param {Node} to */
  copyChildren(from, to) {
    for (const child of from.childNodes) {
      if (child instanceof Text) to.appendChild(new Text(child.data));
      else if (child instanceof Element && !DROPPED.has(child.localName)) this.copyElement(child, to);
    }
  }

  /** @param {Element} from @param {Node} to */
  copyElement(from, to) {
    const tag = from.localName;
    if (!COPIED.has(tag)) return this.copyChildren(from, to);
    const node = this.makeElement(from, tag);
    if (tag !== "img") this.copyChildren(from, node);
    to.appendChild(tag === "pre" || tag === "table" ? this.box(/** @type {HTMLElement} */ (node), tag) : node);
  }

  /** @param {Element} from */
  makeElement(from, tag = "") {
    const read = (name = "") => from.getAttribute(name) ?? "";
    if (/^h[1-6]$/.test(tag)) return this.makeHeading(Number(tag[1]), from.id);
    if (tag === "a") return this.makeLink(read("href"));
    if (tag === "img") return this.picture(read("data-file"), read("alt"));
    const node = document.createElement(tag === "th" && !from.textContent?.trim() ? "td" : tag);
    if (/^(p|li|t[dh]|blockquote|[uo]l)$/.test(tag)) node.dir = "auto";
    if (node instanceof HTMLOListElement && /^\d{1,6}$/.test(read("start"))) node.start = Number(read("start"));
    return node;
  }

  makeHeading(level = 1, id = "") {
    while ((this.levels.at(-1) ?? 0) >= level) this.levels.pop();
    this.levels.push(level);
    const tag = /** @type {"h2"} */ (`h${Math.min(6, this.levels.length + 1)}`);
    return el(tag, { id: id ? `t-${id}` : null, dir: "auto", tabindex: "-1" });
  }

  makeLink(href = "") {
    if (!href.startsWith("#")) return makeLink(href);
    const id = `t-${href.slice(1)}`;
    const number = /^#source-(\d+)$/.exec(href)?.[1];
    if (!number) return el("a", { href: `#${id}`, "data-jump": id });
    const source = this.sources.get(number) ?? {};
    const tip = `${str(source.title) || str(source.url) || `Source ${number}`}\n${nameSite(source)}`;
    return el("a.mark", { href: `#${id}`, "data-jump": id, "data-tip": tip });
  }

  /** Makes a box in which wide code or a wide table scrolls. @param {HTMLElement} node */
  box(node, tag = "") {
    const label = `${tag === "pre" ? "Code" : "Table"} ${++this.boxes}`;
    const scroll = el("div.scroll", { tabindex: 0, role: "group", "aria-label": label }, node);
    const copy = iconButton(`Copy ${label.toLowerCase()}`, "copy", async () => {
      announce((await copyText(node.textContent ?? "")) ? "Copied." : "This host does not allow copying.");
      copy.classList.add("done");
    });
    return tag === "pre" ? el("div.code", scroll, copy) : scroll;
  }
}

/** Makes a link to elsewhere, if the address may be linked to. */
function makeLink(url = NONE, text = "") {
  const href = checkAddress(url);
  return href ? el("a", { href, rel: "noopener noreferrer", target: "_blank" }, text) : el("span", text);
}

function nameSite(source = NONE) {
  const address = checkAddress(source.url);
  const site = address && new URL(address).hostname.replace(/^www\./, "");
  return [site, num(source.page) !== null && `page ${source.page}`].filter(Boolean).join(", ");
}

/** Shows a text page by page until it is complete. */
class Reader {
  article = el("article.text", { "aria-label": "Text" });
  rest = makeNote();
  page = 0;

  constructor(view = NONE, signal = turn.signal) {
    const text = obj(view.text);
    this.signal = signal;
    this.id = str(obj(view.interaction).id);
    this.outline = objs(text.outline);
    this.sources = objs(text.sources);
    this.pictures = new Pictures(this.id, objs(view.files), signal);
    const numbered = new Map(this.sources.map((source) => [str(source.number), source]));
    this.copier = new TextCopier(numbered, (name, alt) => this.pictures.make(name, alt));
    // The plan has a heading of its own above its text.
    if (view.view === "plan") this.copier.levels.push(0);
    const pages = num(text.pages) ?? 1;
    this.pages = canCall() ? pages : 1;
    this.add(text);
    this.complete = this.readRest();
    if (pages > this.pages) say(this.rest, `This is the first of ${pages} pages; this host does not let a view read on.`);
    reader = this;
  }

  /** Adds a page in chunks, which are laid out only near the window. */
  add(text = NONE) {
    this.page += 1;
    let chunk = el("div.chunk");
    for (const node of [...this.copier.copy(str(text.html)).childNodes]) {
      const heading = node instanceof HTMLHeadingElement;
      if (chunk.childNodes.length && (heading || chunk.childNodes.length >= 24)) {
        this.article.append(chunk);
        chunk = el("div.chunk");
      }
      if (heading) chunk.dataset.heading = node.id;
      chunk.append(node);
    }
    this.article.append(chunk);
  }

  /** Reads the other pages; returns whether all are there. @returns {Promise<boolean>} */
  async readRest() {
    while (this.page < this.pages && !this.signal.aborted) {
      say(this.rest, `Loading page ${this.page + 1} of ${this.pages}…`);
      try {
        const view = await readView({ interaction_id: this.id, page: this.page + 1 });
        if (!view.interaction) throw new Error(str(view.text));
        if (!this.signal.aborted) this.add(obj(view.text));
      } catch (error) {
        say(this.rest, `The rest could not be loaded. ${describe(error)} `, true);
        this.rest.append(button("Try again", () => (this.complete = this.readRest())));
        return false;
      }
    }
    say(this.rest);
    return this.page >= this.pages;
  }

  showOutline() {
    if (this.outline.length < 2) return null;
    const levels = this.outline.map((entry) => num(entry.level) ?? 1);
    const entries = this.outline.map((entry, index) => {
      const id = `t-${str(entry.anchor)}`;
      const depth = Math.min(3, (levels[index] ?? 1) - Math.min(...levels));
      return el(`li.depth-${depth}`, el("a", { href: `#${id}`, dir: "auto", "data-jump": id }, str(entry.title)));
    });
    const details = el("details", el("summary", "Contents"), el("ol", ...entries));
    const fit = () => void (details.open = WIDE.matches);
    WIDE.addEventListener("change", fit, { signal: this.signal });
    fit();
    const nav = el("nav.outline", { "aria-label": "Contents" }, details);
    this.follow(nav);
    return nav;
  }

  showSources() {
    if (!this.sources.length) return null;
    const entries = this.sources.map((source) => {
      const number = str(source.number);
      const link = makeLink(source.url, str(source.title) || checkAddress(source.url) || `Source ${number}`);
      link.dir = "auto";
      const props = { id: `t-source-${number}`, value: Number(number), tabindex: "-1" };
      return el("li", props, link, el("small", nameSite(source)));
    });
    const title = el("h2", { id: "sources" }, `Sources (${formatNumber(entries.length)})`);
    return el("section.sources", { "aria-labelledby": "sources" }, title, el("ol", ...entries));
  }

  /** Marks in the outline where the reader is. @param {HTMLElement} nav */
  follow(nav) {
    const mark = (/** @type {IntersectionObserverEntry[]} */ changes) => {
      let chunk = changes.find((change) => change.isIntersecting)?.target;
      while (chunk && !chunk.hasAttribute("data-heading")) chunk = chunk.previousElementSibling ?? undefined;
      const heading = chunk?.getAttribute("data-heading");
      for (const link of heading ? nav.querySelectorAll("a") : []) {
        setProps(link, { "aria-current": String(link.dataset.jump === heading) });
      }
    };
    const watcher = new IntersectionObserver(mark, { rootMargin: "-15% 0px -80% 0px" });
    const watch = () => this.article.querySelectorAll(".chunk").forEach((chunk) => watcher.observe(chunk));
    watch();
    void this.complete.then(watch);
    this.signal.addEventListener("abort", () => watcher.disconnect());
  }
}

/** @type {Reader | null} */
let reader = null;

/** Goes to a part of the text, once it is there. @param {HTMLAnchorElement} link */
async function jump(link) {
  const id = link.dataset.jump ?? "";
  if (!byId(id)) await reader?.complete;
  const target = byId(id);
  if (!target) return;
  hideTip();
  const menu = link.closest(".outline details");
  if (menu instanceof HTMLDetailsElement) menu.open = WIDE.matches;
  target.scrollIntoView();
  // Chunks that were not laid out before have another height now.
  requestAnimationFrame(() => target.scrollIntoView());
  target.focus({ preventScroll: true });
  if (!link.matches(".mark")) return;
  main.querySelector(".return")?.remove();
  const returnTo = () => (link.scrollIntoView({ block: "center" }), link.focus({ preventScroll: true }), back.remove());
  const back = button("Back to the text", returnTo, "", { class: "link return" });
  target.append(back);
}

/** Pictures of an interaction, each loaded once it comes near the window. */
class Pictures {
  /** @type {HTMLImageElement[]} */
  images = [];
  /** @type {Map<Element, Promise<void>>} */
  loading = new Map();

  constructor(id = "", files = objs(), signal = turn.signal) {
    this.id = id;
    this.files = new Map(files.map((file) => [str(file.name), file]));
    this.watcher = new IntersectionObserver(
      (changes) => changes.forEach((change) => change.isIntersecting && this.load(/** @type {any} */ (change.target))),
      { rootMargin: "800px" },
    );
    signal.addEventListener("abort", () => this.watcher.disconnect());
  }

  make(name = "", alt = "", caption = alt) {
    const words = el("span.caption", { dir: "auto" }, caption || name);
    if (!name || !canCall()) return words;
    const { width, height } = this.files.get(name) ?? {};
    const image = el("img", { alt: "", "data-file": name, width: num(width), height: num(height) });
    const click = () => this.enlarge(name, alt);
    const open = el("button", { type: "button", "aria-label": `Enlarge: ${alt || name}`, click }, image);
    this.images.push(image);
    this.watcher.observe(image);
    return el("span.picture", open, caption && words);
  }

  /** @param {HTMLImageElement} image */
  load(image) {
    this.watcher.unobserve(image);
    const loading = this.loading.get(image) ?? this.fill(image, image.dataset.file, 1024);
    this.loading.set(image, loading);
    return loading;
  }

  /** @param {HTMLImageElement} image */
  async fill(image, name = "", side = 1024) {
    try {
      const { data } = await readView({ interaction_id: this.id, name, side });
      if (!/^data:image\/[\w.+-]+;base64,/.test(str(data))) throw new Error();
      image.src = data;
      await image.decode();
    } catch {
      image.parentElement?.replaceWith(el("span.missing", "This picture could not be loaded."));
    }
  }

  async loadAll() {
    for (let first = 0; first < this.images.length; first += 4) {
      await Promise.all(this.images.slice(first, first + 4).map((image) => this.load(image)));
    }
  }

  enlarge(name = "", alt = "") {
    const names = [...new Set(this.images.map((image) => image.dataset.file ?? ""))];
    const title = el("p", { dir: "auto" });
    const frame = el("div.frame");
    const turnTo = (to = "") => {
      name = to;
      const image = el("img", { alt: alt || name });
      title.textContent = alt || name;
      alt = "";
      frame.replaceChildren(el("div", image));
      if (host) void this.fill(image, name, 4096);
      else image.src = addressFile(this.id, name);
    };
    const step = (by = 1) => turnTo(names.at((names.indexOf(name) + by) % names.length));
    const dialog = el("dialog", { "aria-label": "Picture", close: () => dialog.remove() });
    const back = names.length > 1 && iconButton("Previous picture", "back", () => step(-1));
    const next = names.length > 1 && iconButton("Next picture", "next", () => step(1));
    dialog.append(el("div.row", title, back, next, iconButton("Close", "close", () => dialog.close())), frame);
    document.body.append(dialog);
    dialog.showModal();
    turnTo(name);
  }
}

const addressFile = (id = "", name = "") => `/files/${encodeURIComponent(id)}/${encodeURIComponent(name)}`;

/** Copies a text, also as frames allow more often; returns whether that was allowed. */
async function copyText(text = "") {
  if (await navigator.clipboard?.writeText(text).then(() => true, () => false)) return true;
  const area = el("textarea.unseen", { "aria-hidden": "true" }, text);
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Shows what can be done with a text. @param {Reader} text */
function showTextActions(text) {
  const note = makeNote();
  const copy = button("Copy", () => doOnce(copy, note, "Copying…", () => copyAll(text)), "copy");
  const print = button("Print", () => doOnce(print, note, "Loading everything…", () => printAll(text)), "print");
  const forms = Object.entries({ html: "HTML", md: "Markdown", docx: "Word", pdf: "PDF" }).map(([ending, label]) => {
    const one = button(label, () => doOnce(one, note, `Saving as ${label}…`, () => save(text.id, `report.${ending}`)));
    one.setAttribute("aria-label", `Save as ${label}`);
    return one;
  });
  const saving = offers("read_interaction") && el("div.joined", { role: "group", "aria-label": "Save as" }, icon("save"), ...forms);
  return el("div.actions", { "data-once": true }, el("div.row", copy, print, saving), note);
}

/** @param {Reader} text */
async function copyAll(text) {
  const whole = await text.complete;
  const sources = text.sources.map((source) => `[${str(source.number)}] ${str(source.title)} ${str(source.url)}`);
  // The text of chunks that are not laid out would be left out.
  text.article.classList.add("whole");
  const words = [text.article.innerText, ...(sources.length ? ["Sources", ...sources] : [])].join("\n");
  text.article.classList.remove("whole");
  if (!(await copyText(words))) throw new Error("This host does not allow copying.");
  return whole ? "Copied." : "Copied as far as it is loaded.";
}

/** @param {Reader} text */
async function printAll(text) {
  await text.complete;
  await text.pictures.loadAll();
  let printed = false;
  window.addEventListener("beforeprint", () => void (printed = true), { once: true });
  window.print();
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (!printed) throw new Error("This host does not let a view print. Save it as PDF or HTML instead.");
}

async function save(id = "", name = "") {
  const result = await callTool("read_interaction", { interaction_id: id, save_as: name }, 300);
  const link = objs(result.content).find((block) => block.type === "resource_link");
  const said = readText(result);
  if (link && can("serverResources")) await download(str(link.name) || name, str(link.uri));
  return said.length < 400 ? said || "Saved." : "Saved.";
}

// ---- Reports, plans, pictures, sound and video

function showReport(view = NONE, signal = turn.signal) {
  const item = obj(view.interaction);
  const text = new Reader(view, signal);
  const head = showHead(item, ...listFacts(item));
  const lines = objs(view.transcript);
  const body = lines.length ? showTranscript(lines) : text.article;
  const actions = (lines.length > 0 || text.pages > 1 || text.article.textContent) && showTextActions(text);
  const after = [text.rest, ...showFiles(view, text, signal), text.showSources(), showLineage(item), showFollowUp(item)];
  refresh = () => readAgain(view, signal);
  return [head, actions, text.showOutline(), body, ...after];
}

function showMedia(view = NONE, signal = turn.signal) {
  const item = obj(view.interaction);
  const text = new Reader(view, signal);
  const pictures = objs(view.files).some((file) => str(file.mime_type).startsWith("image/"));
  const edit = (prompt = "") => proceed("generate_image", { prompt, previous_interaction_id: text.id });
  const form =
    pictures && offers("generate_image") && promptForm("Change this picture", "Make it", "Making it…", edit, true);
  const words = text.article.textContent?.trim() && !list(view.transcript).length && text.article;
  const head = showHead(item, ...listFacts(item));
  refresh = () => readAgain(view, signal);
  const middle = el("div", form, words, text.rest);
  return [head, ...showFiles(view, text, signal, middle), showLineage(item), showFollowUp(item)];
}

/** @type {Data} */
const PLAN_STATES = { refined: "A newer plan has taken its place.", approved: "Approved.", declined: "Declined." };

function showPlan(view = NONE, signal = turn.signal) {
  const item = obj(view.interaction);
  const plan = obj(view.plan);
  const text = new Reader(view, signal);
  const steps = list(plan.steps).map((step) => el("li", { dir: "auto" }, str(step)));
  refresh = () => readAgain(view, signal);
  return [
    showHead(item, ...listFacts(item)),
    steps.length > 0 && el("section.steps", { "aria-label": "Steps" }, el("h2", "Steps"), el("ol", ...steps)),
    plan.state === "waiting" && item.settled !== false ? showApproval(item, plan) : showPlanState(plan),
    el("h2.divider", "The whole plan"),
    text.article,
    text.rest,
    text.showSources(),
    showLineage(item),
  ];
}

function showPlanState(plan = NONE) {
  const next = str(plan.successor);
  const open = next && canCall() && button("Open it", () => go({ id: next }), "next");
  const said = str(PLAN_STATES[str(plan.state)]);
  return said && el("p.callout", said, " ", open);
}

function showApproval(item = NONE, plan = NONE) {
  const note = makeNote();
  const previous = { previous_interaction_id: str(item.id) };
  const start = () => proceed("start_research", { ...previous, prompt: str(plan.approval) || "Go on with this plan." });
  const approve = button("Approve and start", () => doOnce(approve, note, "Starting the research…", start, true));
  approve.classList.add("primary");
  const change = (prompt = "") => proceed("start_research", { ...previous, prompt, plan_first: true });
  const costs = [plan.estimate, plan.spent].map((text) => str(text) && el("p", { dir: "auto" }, str(text)));
  if (!offers("start_research")) return el("section.approval", { "aria-label": "Costs" }, ...costs);
  return el(
    "section.approval",
    { "aria-label": "Decision", "data-once": true },
    ...costs,
    el("div.row", approve, note),
    promptForm("What should change?", "Change the plan", "Asking for another plan…", change, true),
  );
}

/** Shows the same again if it has changed and the user is not in the midst of something. */
async function readAgain(view = NONE, signal = turn.signal) {
  const next = await readView({ interaction_id: str(obj(view.interaction).id) }).catch(() => null);
  const compare = (one = NONE) => JSON.stringify([one.view, one.interaction, one.plan, one.files]);
  const written = [...document.querySelectorAll("textarea")].some((area) => area.value);
  const playing = [...document.querySelectorAll("audio, video")].some((media) => !(/** @type {any} */ (media).paused));
  if (signal.aborted || !next?.interaction || compare(next) === compare(view)) return;
  if (written || playing || document.querySelector("dialog, [data-busy]")) return;
  const { scrollY } = window;
  show(next);
  window.scrollTo(0, scrollY);
}

/** Shows the files that the text does not have: a gallery, players and a list. @param {Reader} text @param {Child} [between] */
function showFiles(view = NONE, text, signal = turn.signal, between) {
  const files = objs(view.files).filter((file) => str(file.name));
  const shown = new Set(text.pictures.images.map((image) => image.dataset.file));
  const isOf = (file = NONE, kind = "") => str(file.mime_type).startsWith(kind);
  const free = files.filter((file) => !shown.has(file.name) && (view.view === "media" || num(file.place) === null));
  const pictures = free.filter((file) => isOf(file, "image/")).map((file) => text.pictures.make(str(file.name), "", " "));
  const played = files.filter((file) => isOf(file, "audio/") || isOf(file, "video/"));
  const lines = view.view === "media" ? objs(view.transcript) : [];
  const players = played.map((file, index) => showPlayer(file, text.id, index ? [] : lines, signal));
  const entries = free.map((file) => showFile(file, text.id));
  return [
    pictures.length > 0 && el(pictures.length > 1 ? "div.gallery" : "div.single", ...pictures),
    ...players,
    !players.length && lines.length > 0 && showTranscript(lines),
    between,
    entries.length > 0 && el("section.files", { "aria-label": "Files" }, el("h2", "Files"), el("ul", ...entries)),
  ];
}

function showFile(file = NONE, id = "") {
  const name = str(file.name);
  const note = makeNote();
  const work = async () => {
    await download(name, str(file.uri));
    return "Saved.";
  };
  /** @type {HTMLElement | false} */
  const get = host
    ? can("serverResources") && button("Save", () => doOnce(get || note, note, "Reading the file…", work), "save")
    : el("a.button", { href: addressFile(id, name), download: name }, icon("save"), "Save");
  if (get) get.setAttribute("aria-label", `Save ${name}`);
  const size = num(file.width) && num(file.height) ? `${file.width} × ${file.height}` : "";
  const facts = [str(file.mime_type), size, formatSeconds(file.seconds), formatBytes(file.bytes)].filter(Boolean);
  const words = el("div", el("span", { dir: "auto" }, name), el("small", facts.join(" · ")), el("small", str(file.path)));
  return el("li", words, get, note);
}

function showPlayer(file = NONE, id = "", lines = objs(), signal = turn.signal) {
  const name = str(file.name);
  const kind = str(file.mime_type).startsWith("video/") ? "video" : "audio";
  const media = el(kind, { controls: true, preload: "metadata", playsinline: true, "aria-label": name });
  const transcript = lines.length > 0 && showTranscript(lines, media);
  const bytes = num(file.bytes) ?? 0;
  if (!host) media.src = addressFile(id, name);
  else if (!canCall() || bytes > LARGEST_MEDIA) {
    return el("div.player", el("p.callout", "This view cannot play the file. ", str(file.path)), transcript);
  }
  const note = makeNote();
  const progress = el("progress", { "aria-label": `Loading ${name}`, max: 1, value: 0 });
  const fetchAll = async () => {
    start.replaceWith(progress);
    media.src = await readPieces(file, id, signal, (part) => void (progress.value = part));
    progress.replaceWith(media);
  };
  const start = button(`Load (${formatBytes(bytes)})`, () => doOnce(start, note, "", fetchAll), "save");
  const box = el("div.player", { "data-once": true }, el("div.row", host ? start : media), note, transcript);
  if (host && bytes <= LOADED_AT_ONCE) start.click();
  return box;
}

/**
 * Reads a file piece by piece into a data: URL, as frames may play no other.
 * @param {(part: number) => void} tell */
async function readPieces(file = NONE, id = "", signal = turn.signal, tell) {
  const parts = [];
  const mime = str(file.mime_type);
  for (let offset = 0, total = 1; offset < total; ) {
    const piece = await readView({ interaction_id: id, name: str(file.name), offset });
    const bytes = num(piece.bytes) ?? 0;
    if (signal.aborted || bytes <= 0 || piece.offset !== offset) throw new Error("The file could not be read.");
    parts.push(str(piece.base64));
    offset += bytes;
    total = num(piece.total) ?? 0;
    tell(offset / total);
  }
  return `data:${/^[\w.+-]+\/[\w.+-]+$/.test(mime) ? mime : ""};base64,${parts.join("")}`;
}

/** Shows what is said, which follows the player and moves it. @param {HTMLMediaElement} [media] */
function showTranscript(lines = objs(), media) {
  const starts = lines.map((line) => num(line.start) ?? 0);
  const seek = (seconds = 0) => {
    if (!media) return;
    media.currentTime = seconds;
    void media.play().catch(() => {});
  };
  const entries = lines.map((line, index) => {
    const start = starts[index];
    const time = formatClock(start);
    const speaker = line.speaker && el("b", `${str(line.speaker)} `);
    const mark = media ? button(time, () => seek(start), "", { class: "link" }) : el("span.time", time);
    return el("li", mark, el("p", { dir: "auto" }, speaker, str(line.text)));
  });
  const box = el("div.scroll.transcript", { tabindex: 0, role: "group", "aria-label": "Transcript" }, el("ol", ...entries));
  let free = 0;
  const hold = () => void (free = Date.now() + 5000);
  for (const name of ["wheel", "touchmove", "keydown"]) box.addEventListener(name, hold, { passive: true });
  media?.addEventListener("timeupdate", () => {
    const now = entries[starts.findLastIndex((start) => start <= media.currentTime + 0.05)];
    if (!now || now.ariaCurrent === "true") return;
    for (const entry of entries) entry.ariaCurrent = String(entry === now);
    if (Date.now() > free) box.scrollTop = now.offsetTop - box.clientHeight / 3;
  });
  return el("section", { "aria-label": "What is said" }, el("h2", "Transcript"), box);
}

// ---- A run

function showRun(view = NONE, signal = turn.signal) {
  const item = obj(view.interaction);
  const activity = el("p.activity", { dir: "auto" });
  const waiting = el("p.callout", { dir: "auto" });
  const facts = el("p.facts");
  const elapsed = el("span.elapsed");
  const searches = makeLog("Searches");
  const pages = makeLog("Pages");
  const partial = el("article.text", { "aria-label": "So far" });
  const note = makeNote();
  let [base, since, said, html] = [0, 0, 0, ""];
  const tick = () => void (elapsed.textContent = formatClock(base + (performance.now() - since) / 1000));
  const update = (next = NONE) => {
    const run = obj(next.run);
    base = num(run.elapsed) ?? num(obj(next.interaction).seconds) ?? base;
    since = performance.now();
    const doing = str(run.activity) || "Working…";
    if (doing !== activity.textContent && since > said) {
      announce(doing);
      said = since + 20_000;
    }
    activity.textContent = doing;
    waiting.textContent = str(run.waiting);
    waiting.hidden = !run.waiting;
    facts.replaceChildren(el("span", "Elapsed ", elapsed), run.cost ? el("span", { dir: "auto" }, str(run.cost)) : "");
    searches.update(list(run.searches).map((search) => el("span", { dir: "auto" }, str(search))));
    pages.update(list(run.pages).map((page) => makeLink(page, str(page).replace(/^https?:\/\/(www\.)?/, ""))));
    if (str(run.partial_html) !== html) {
      html = str(run.partial_html);
      partial.replaceChildren(new TextCopier(new Map(), (_, alt) => new Text(alt)).copy(html));
    }
    tick();
  };
  update(view);
  if (!item.settled) {
    const timer = setInterval(tick, 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
    if (canCall()) poll(view, update, note, signal);
  }
  const now = el("section.now", { "aria-label": "Progress" }, activity, facts, waiting, showStop(item), note);
  return [showHead(item), now, el("div.logs", searches.box, pages.box), partial, showLineage(item)];
}

/** Makes a list that grows, newest first. */
function makeLog(title = "") {
  const count = el("span.count", "0");
  const entries = el("ol");
  const box = el("section", { "aria-label": title, hidden: true }, el("h2", title, " ", count));
  box.append(el("div.scroll", { tabindex: 0, role: "group", "aria-label": `${title}, newest first` }, entries));
  const update = (/** @type {Node[]} */ nodes) => {
    for (const node of nodes.slice(entries.childElementCount)) entries.prepend(el("li", node));
    count.textContent = formatNumber(nodes.length);
    box.hidden = !nodes.length;
  };
  return { box, update };
}

function showStop(item = NONE) {
  if (!offers("cancel_research") || item.settled || !str(item.kind).startsWith("research")) return null;
  const work = () => proceed("cancel_research", { interaction_id: str(item.id) });
  const stop = button("Stop", () => askFirst(stop, "Stop this run? What it has done so far may cost.", "Stop it", work), "close");
  return el("div.row", stop);
}

/** Asks within the page before what cannot be undone. @param {HTMLElement} from @param {() => Promise<void>} work */
function askFirst(from, question = "", action = "", work) {
  const note = makeNote();
  const yes = button(action, () => doOnce(yes, note, "Working…", work));
  yes.classList.add("danger");
  const leave = () => {
    box.replaceWith(from);
    from.focus();
  };
  /** @type {HTMLElement} */
  const box = el("div.confirm", { role: "group", "aria-label": question }, el("p", question), yes, button("Keep it", leave), note);
  box.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  from.replaceWith(box);
  yes.focus();
}

/**
 * Reads a run again and again until it has settled, but not while the page is hidden.
 * @param {(next: Data) => void} update */
function poll(view = NONE, update, note = makeNote(), signal = turn.signal) {
  const pause = 1000 * Math.max(1, num(obj(view.run).poll_seconds) ?? 3);
  let [timer, failures, reading] = [0, 0, false];
  const wait = () => {
    clearTimeout(timer);
    if (!document.hidden && !signal.aborted) timer = window.setTimeout(read, pause * 2 ** failures);
  };
  const read = async () => {
    if (reading || signal.aborted) return;
    reading = true;
    const next = await readView({ interaction_id: placeOf(view).id }).catch((error) => error);
    reading = false;
    if (signal.aborted) return;
    const failed = next instanceof Error;
    failures = failed ? Math.min(failures + 1, 4) : 0;
    say(note, failed ? `${describe(next)} Trying again.` : "", failed);
    if (failed || (next.view === "run" && !obj(next.interaction).settled)) {
      if (!failed) update(next);
      return wait();
    }
    show(next, main.contains(document.activeElement));
    announce(`${nameWord(obj(next.interaction).status) || "Done"}.`);
  };
  const wake = () => (document.hidden ? clearTimeout(timer) : void read());
  document.addEventListener("visibilitychange", wake, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  refresh = read;
  wait();
}

// ---- The history

/** @type {Data} */
const filters = {};
const filtersOf = (place = here) => (place.list === "history" ? filters : {});

function takeFilters(from = NONE) {
  for (const name of ["query", "kind", "status"]) {
    if (str(from[name])) filters[name] = str(from[name]);
    else delete filters[name];
  }
}

function showHistory(view = NONE, signal = turn.signal) {
  const query = el("input", { type: "search", name: "query", dir: "auto", value: filters.query });
  const kind = makeSelect("kind", "Every kind", list(view.kinds));
  const status = makeSelect("status", "Every status", list(view.statuses));
  const note = makeNote();
  const rows = el("ul.rows");
  const more = button("Show more", () => doOnce(more, note, "Loading…", () => read(cursor)));
  let [cursor, asked, timer] = ["", 0, 0];
  const fill = (page = NONE, added = false) => {
    const focused = document.activeElement?.closest("[data-id]")?.getAttribute("data-id");
    const entries = objs(page.rows).map((row) => showRow(row, query));
    if (added) rows.append(...entries);
    else rows.replaceChildren(...entries);
    if (added) entries[0]?.querySelector("button")?.focus();
    else if (focused) rows.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.querySelector("button")?.focus();
    cursor = str(page.next_cursor);
    more.hidden = !cursor || !canCall();
    const found = rows.childElementCount;
    const none = Object.keys(filters).length ? "Nothing matches." : "Nothing yet. What you ask Gemini for appears here.";
    return found ? `${formatNumber(found)}${cursor ? " newest" : ""} shown` : none;
  };
  const read = async (from = "") => {
    const mine = ++asked;
    const page = await readView({ list: "history", ...filters, ...(from && { cursor: from }) });
    return mine === asked && !signal.aborted ? fill(page, !!from) : note.textContent || "";
  };
  const search = () => {
    takeFilters({ query: query.value.trim(), kind: kind.value, status: status.value });
    read().then((text) => say(note, text), (error) => say(note, describe(error), true));
  };
  const type = () => {
    clearTimeout(timer);
    timer = window.setTimeout(search, 350);
  };
  const submit = (/** @type {Event} */ event) => (event.preventDefault(), search());
  const form = el("form.filters", { role: "search", submit, input: type }, el("label", "Search", query));
  form.append(el("label", "Kind", kind), el("label", "Status", status));
  refresh = () => rows.childElementCount > 50 || rows.querySelector(".confirm") || search();
  say(note, fill(view));
  return [el("h1", { tabindex: "-1" }, "History"), canCall() && form, note, rows, el("div.row", more)];
}

function makeSelect(name = "", all = "", values = list()) {
  const options = values.map((value) => el("option", { value: str(value) }, nameWord(value)));
  const select = el("select", { name }, el("option", { value: "" }, all), ...options);
  select.value = str(filters[name]);
  return select;
}

/** @param {HTMLElement} fallback what has the focus after the last row is deleted */
function showRow(row = NONE, fallback) {
  const id = str(row.interaction_id);
  const handle = id || str(row.label);
  const title = (str(row.topic) || str(row.prompt) || handle).split("\n")[0]?.slice(0, 200) ?? "";
  const files = num(row.files);
  const facts = [nameWord(row.kind), formatDate(row.created_at), formatMoney(row.cost_usd), str(row.activity)];
  if (files) facts.push(`${formatNumber(files)} ${files === 1 ? "file" : "files"}`);
  const work = async () => {
    await callTool("delete_interaction", { interaction_id: handle });
    const next = entry.nextElementSibling ?? entry.previousElementSibling;
    entry.remove();
    (next?.querySelector("button") ?? fallback).focus();
    announce("Deleted.");
  };
  const remove = iconButton(`Delete ${title}`, "trash", () => askFirst(remove, "Delete this for good?", "Delete", work));
  const open = id && canCall() ? button(title, () => go({ id }), "", { class: "link", dir: "auto" }) : el("span", { dir: "auto" }, title);
  const words = el("p.facts", badge(row.status), ...facts.filter(Boolean).map((fact) => el("span", fact)));
  const error = row.error && el("p.error", { dir: "auto" }, str(row.error));
  const entry = el("li", { "data-id": handle }, el("div", open, words, error), offers("delete_interaction") && remove);
  return entry;
}

// ---- The usage

function showUsage(view = NONE, signal = turn.signal) {
  const total = obj(view.total);
  const days = objs(view.days).filter((day) => str(day.name)).sort((one, two) => (str(one.name) < str(two.name) ? -1 : 1));
  const models = objs(view.models).sort((one, two) => (num(two.cost_usd) ?? 0) - (num(one.cost_usd) ?? 0));
  const limits = objs(view.limits).map((limit) => showMeter(str(limit.name), limit.spent_usd, limit.limit_usd, formatMoney));
  limits.push(showMeter("Research runs today", view.runs_today, view.runs_limit, formatNumber));
  refresh = async () => {
    const next = await readView({ list: "usage" }).catch(() => view);
    if (!signal.aborted && JSON.stringify(next) !== JSON.stringify(view)) show(next);
  };
  const empty = el("p.empty", "Nothing has been used yet.");
  const sum = `${formatMoney(total.cost_usd) || "Unknown costs"} for ${formatNumber(total.runs)} runs`;
  const charts = [
    showChart("Dollars by day", "Day", days, drawDays, signal),
    showChart("Dollars by model", "Model", models, drawBars, signal),
  ];
  return [
    el("h1", { tabindex: "-1" }, "Usage"),
    el("p.lead", num(total.runs) ? sum : ""),
    el("section.limits", { "aria-label": "Limits" }, ...limits),
    ...(days.length || models.length ? charts : [empty]),
    view.notes && el("p.notes", { dir: "auto" }, str(view.notes)),
  ];
}

/** @param {(value: unknown) => string} format */
function showMeter(name = "", spent = NONE, limit = NONE, format) {
  const [used, most] = [num(spent) ?? 0, num(limit)];
  const label = name.charAt(0).toUpperCase() + name.slice(1);
  const head = el("p", el("span", label), el("b", format(used)));
  if (most === null) return el("div.limit", head, el("small", "No limit"));
  const left = `${format(Math.max(0, most - used))} left of ${format(most)}`;
  const fill = el("span");
  const part = most > 0 ? Math.min(1, used / most) : 1;
  fill.style.width = `${part * 100}%`;
  const values = { "aria-valuemin": 0, "aria-valuemax": most, "aria-valuenow": Math.min(used, most), "aria-valuetext": left };
  const meter = el("div.meter", { role: "meter", "aria-label": label, ...values }, fill);
  meter.classList.toggle("full", part > 0.9);
  return el("div.limit", head, meter, el("small", left));
}

/** @param {(rows: Data[], width: number) => SVGElement} draw */
function showChart(title = "", column = "", rows = objs(), draw, signal = turn.signal) {
  const most = rows.reduce((top, row) => ((num(row.cost_usd) ?? 0) > (num(top.cost_usd) ?? 0) ? row : top), obj(rows[0]));
  const box = el("div.chart");
  const watcher = new ResizeObserver(() => {
    const drawing = draw(rows, Math.max(200, box.clientWidth));
    const top = `${title}; most ${formatMoney(most.cost_usd)} for ${str(most.name)}. All values are in the table below.`;
    setProps(drawing, { role: "img", "aria-label": top });
    box.replaceChildren(drawing);
  });
  watcher.observe(box);
  signal.addEventListener("abort", () => watcher.disconnect());
  return el("section.usage-part", { "aria-label": title }, el("h2", title), box, showTable(title, column, rows));
}

function showTable(title = "", column = "", rows = objs()) {
  const names = [column, "Runs", "Input tokens", "Output tokens", "Cost"];
  const lines = rows.map((row) => {
    const unpriced = num(row.unpriced_runs) ? ` + ${formatNumber(row.unpriced_runs)} unpriced` : "";
    const counts = [row.runs, row.input_tokens, row.output_tokens].map((count) => formatNumber(count));
    const cells = [...counts, (formatMoney(row.cost_usd) || "unknown") + unpriced].map((text) => el("td", text));
    return el("tr", el("th", { scope: "row" }, str(row.name)), ...cells);
  });
  const head = el("tr", ...names.map((name) => el("th", { scope: "col" }, name)));
  const table = el("table", el("thead", head), el("tbody", ...lines));
  const box = el("div.scroll", { tabindex: 0, role: "group", "aria-label": `${title}, table` }, table);
  return el("details", el("summary", "Show as a table"), box);
}

/** Returns the days with the empty ones between them, the last 31 at most. */
function fillDays(days = objs()) {
  const known = new Map(days.map((day) => [str(day.name), day]));
  const last = Date.parse(str(days.at(-1)?.name));
  const first = Date.parse(str(days[0]?.name));
  const count = Math.min(31, Math.round((last - first) / 864e5) + 1);
  if (!(count > 0)) return days;
  return Array.from({ length: count }, (_, index) => {
    const name = new Date(last - (count - 1 - index) * 864e5).toISOString().slice(0, 10);
    return known.get(name) ?? { name };
  });
}

function drawDays(rows = objs(), width = 0) {
  const days = fillDays(rows);
  const top = Math.max(...days.map((day) => num(day.cost_usd) ?? 0)) || 1;
  const [left, height] = [56, 150];
  const step = (width - left) / Math.max(days.length, 7);
  const nameDay = (day = NONE) => formatDate(day.name, { month: "short", day: "numeric", timeZone: "UTC" }) || str(day.name);
  const parts = [0, 0.5, 1].flatMap((part) => {
    const y = 14 + height * (1 - part);
    return [
      svg("line", { x1: left, x2: width, y1: y, y2: y }),
      svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, formatMoney(top * part)),
    ];
  });
  const every = Math.ceil(days.length / Math.max(2, Math.floor((width - left) / 80)));
  days.forEach((day, index) => {
    const cost = num(day.cost_usd) ?? 0;
    const tall = cost ? Math.max(2, (height * cost) / top) : 0;
    const x = left + index * step;
    const size = { x: x + step * 0.15, y: 14 + height - tall, width: step * 0.7, height: tall, rx: Math.min(3, step / 5) };
    const tip = `${nameDay(day)}: ${formatMoney(cost)}\n${formatNumber(day.runs)} runs`;
    parts.push(svg("rect", { class: "bar", ...size }));
    parts.push(svg("rect", { class: "hit", x, y: 0, width: step, height: height + 14, "data-tip": tip }));
    if (index % every === 0) parts.push(svg("text", { x: x + step * 0.15, y: height + 34 }, nameDay(day)));
  });
  return svg("svg", { width, height: height + 40, viewBox: `0 0 ${width} ${height + 40}` }, ...parts);
}

function drawBars(rows = objs(), width = 0) {
  const top = Math.max(...rows.map((row) => num(row.cost_usd) ?? 0)) || 1;
  const fits = Math.floor((width - 90) / 7.5);
  const parts = rows.flatMap((row, index) => {
    const y = index * 44;
    const name = str(row.name);
    const size = { y: y + 22, height: 10, rx: 5 };
    return [
      svg("text", { class: "name", x: 0, y: y + 14 }, name.length > fits ? `${name.slice(0, fits - 1)}…` : name),
      svg("text", { x: width, y: y + 14, "text-anchor": "end" }, formatMoney(row.cost_usd) || "unknown"),
      svg("rect", { class: "track", x: 0, width, ...size }),
      svg("rect", { class: "bar", x: 0, width: (width * (num(row.cost_usd) ?? 0)) / top, ...size }),
    ];
  });
  return svg("svg", { width, height: rows.length * 44, viewBox: `0 0 ${width} ${rows.length * 44}` }, ...parts);
}

// ---- Tooltips, and clicks on links

/** @param {Element} owner */
function showTip(owner) {
  const tip = byId("tip");
  const [title, detail] = (owner.getAttribute("data-tip") ?? "").split("\n");
  tip.replaceChildren(el("span", { dir: "auto" }, title), el("small", detail));
  tip.hidden = false;
  if (owner instanceof HTMLElement) owner.setAttribute("aria-describedby", "tip");
  const at = owner.getBoundingClientRect();
  const right = window.innerWidth - tip.offsetWidth - 8;
  const above = at.top - tip.offsetHeight - 4;
  tip.style.left = `${Math.max(8, Math.min(right, at.left + at.width / 2 - tip.offsetWidth / 2))}px`;
  tip.style.top = `${above > 4 ? above : at.bottom + 4}px`;
}

function hideTip() {
  byId("tip").hidden = true;
  document.querySelector("[aria-describedby=tip]")?.removeAttribute("aria-describedby");
}

/** @param {Event} event */
function followPointer(event) {
  const target = event.target instanceof Element ? event.target : null;
  const owner = target?.closest("[data-tip]");
  if (owner) showTip(owner);
  else if (!target?.closest("#tip")) hideTip();
}

document.addEventListener("mouseover", followPointer);
document.addEventListener("focusin", followPointer);
document.addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
const moveTip = () => {
  const owner = document.querySelector("[aria-describedby=tip]");
  if (owner?.matches(":focus, :hover")) showTip(owner);
  else hideTip();
};
document.addEventListener("scroll", moveTip, { passive: true, capture: true });
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.hasAttribute("download")) return;
  event.preventDefault();
  if (link.dataset.jump) void jump(link);
  else openLink(link.href);
});

// ---- The start

/** @type {Data} */
let toolInput = {};
/** Settles when the host has answered, or is not waited for any longer. */
let hostReady = Promise.resolve();

function takeNews(method = "", params = NONE) {
  if (method === "ui/notifications/host-context-changed") setContext(params);
  else if (method === "ui/notifications/tool-input") toolInput = obj(params.arguments);
  else if (method === "ui/notifications/tool-result") void hostReady.then(() => showResult(params, toolInput));
  else if (method === "ui/notifications/tool-cancelled" && !main.querySelector("h1")) {
    showMessage(`This was cancelled. ${str(params.reason)}`);
  }
}

function setContext(changes = NONE) {
  hostContext = { ...hostContext, ...changes };
  const { style } = document.documentElement;
  style.colorScheme = /^(light|dark)$/.test(hostContext.theme) ? hostContext.theme : "";
  for (const [name, value] of Object.entries(obj(obj(hostContext.styles).variables))) {
    if (/^--[\w-]+$/.test(name) && typeof value === "string") style.setProperty(name, value);
  }
  const insets = obj(hostContext.safeAreaInsets);
  document.body.style.padding = ["top", "right", "bottom", "left"].map((side) => `${num(insets[side]) ?? 0}px`).join(" ");
  setRegion(hostContext);
  showBar();
}

/** Tells the host the size, within what it allows; what is longer scrolls. @param {HostConnection} to */
function watchSize(to) {
  let [timer, told] = [0, ""];
  const tell = () => {
    const room = obj(hostContext.containerDimensions);
    const most = num(room.height) ?? num(room.maxHeight) ?? INLINE_HEIGHT;
    const size = { width: window.innerWidth, height: Math.min(most, Math.ceil(document.body.offsetHeight)) };
    if (told !== JSON.stringify(size)) to.send({ method: "ui/notifications/size-changed", params: size });
    told = JSON.stringify(size);
  };
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = window.setTimeout(tell, 80);
  }).observe(document.body);
}

/** @param {HostConnection} to */
async function startInHost(to) {
  document.documentElement.classList.add("framed");
  const appInfo = { name: "gemini-interactions-mcp", version: "1" };
  const appCapabilities = { availableDisplayModes: ["inline", "fullscreen"] };
  const params = { protocolVersion: PROTOCOL, appInfo, appCapabilities };
  const late = setTimeout(() => showMessage("The host does not answer, so there is nothing to show yet."), 10_000);
  const answered = to.request("ui/initialize", params, 3600);
  hostReady = Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 10_000))]).then(() => {}, () => {});
  const answer = await answered;
  clearTimeout(late);
  abilities = obj(answer.hostCapabilities);
  setContext(obj(answer.hostContext));
  to.send({ method: "ui/notifications/initialized", params: {} });
  watchSize(to);
}

async function startInBrowser() {
  const route = () => {
    const { hash } = window.location;
    const id = /^#i\/(.+)$/.exec(hash)?.[1];
    void load(id ? { id: decode(id) } : { list: hash === "#usage" ? "usage" : "history" }, routed);
    routed = true;
  };
  let routed = false;
  const token = /^#token=(.+)$/.exec(window.location.hash)?.[1];
  if (token) {
    window.history.replaceState(null, "", "#history");
    await post("/session", { token: decode(token) }).catch(() => {});
  }
  window.addEventListener("hashchange", route);
  let timer = 0;
  new EventSource("/events").addEventListener("changed", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => refresh?.(), 300);
  });
  route();
}

if (host) startInHost(host).catch((error) => showMessage(describe(error)));
else void startInBrowser();
