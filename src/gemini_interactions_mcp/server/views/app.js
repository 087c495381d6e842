"use strict";
// The views of Gemini interactions: one page for a frame in an MCP Apps host and for a browser.
// All data is untrusted: texts become text nodes, `html` is copied tag by tag, and any field may be missing.

const VIEW_KEY = "gemini-interactions/view";
const PROTOCOL = "2026-01-26";
const INLINE_HEIGHT = 800;
const LARGEST_MEDIA = 64 * 2 ** 20;
const LOADED_AT_ONCE = 2e6;
const WIDE = matchMedia("(min-width: 64rem)");

// ---- Reading untrusted data

/** @returns {Record<string, any>} */
const obj = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const objs = (value) => list(value).map(obj);
const str = (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");
const num = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** Returns the address if it may be linked to. */
const checkAddress = (value) => (/^(https?|mailto):/i.test(str(value)) && URL.canParse(value) ? new URL(value).href : "");

/** Returns what `work` does, or nothing where it cannot. */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const decode = (part) => attempt(() => decodeURIComponent(part)) ?? part;

// ---- Making elements

/** Makes an element `tag.class` with attributes and listeners, if any, and children. */
function el(name, props, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  if (props && typeof props === "object" && !(props instanceof Node)) setProps(node, props);
  else children.unshift(props);
  node.append(...children.filter(Boolean));
  return node;
}

function setProps(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false && (value ?? null) !== null) node.setAttribute(name, value === true ? "" : value);
  }
}

/** Makes an element with a text of the data, if there is any. */
const prose = (name, text) => str(text) && el(name, { dir: "auto" }, str(text));
const spans = (texts) => texts.filter(Boolean).map((text) => el("span", text));
const scrollBox = (label, ...children) =>
  el("div.scroll", { tabindex: 0, role: "group", "aria-label": label }, ...children);
const button = (label, click, props) => el("button.button", { type: "button", click, ...props }, label);
const placeLink = (label, id) => button(label, () => go({ id }), { class: "link", dir: "auto" });

/** @returns {any} */
const byId = (id) => document.getElementById(id);
const main = byId("view");

const announce = (text) => void (byId("announcer").textContent = text);

const makeNote = () => el("p.note", { role: "status" });

function say(note, text, bad = false) {
  note.textContent = text;
  note.classList.toggle("bad", bad);
}

const describe = (error) => error?.message || "Something went wrong.";

function actionButton(label, note, working, work, paying = false) {
  const control = button(label, () => doOnce(control, note, working, work, paying));
  return control;
}

/**
 * Does something once at a time; its control rests until then, and `note` says what happened. What may have been paid
 * without an answer is not offered again until the user has looked.
 */
async function doOnce(control, note, working, work, paying) {
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

/** Asks within the page before what cannot be undone. */
function askFirst(from, question, action, work) {
  const note = makeNote();
  const yes = actionButton(action, note, "Working…", work);
  yes.classList.add("danger");
  const leave = () => {
    box.replaceWith(from);
    from.focus();
  };
  const keydown = (event) => event.key === "Escape" && leave();
  const props = { role: "group", "aria-label": question, keydown };
  const box = el("div.row.confirm", props, el("p", question), yes, button("Keep it", leave), note);
  from.replaceWith(box);
  yes.focus();
}

function promptForm(label, action, working, work, paying = false) {
  const note = makeNote();
  const area = el("textarea", { rows: 3, dir: "auto" });
  const send = el("button.button", action);
  const submit = (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (text) void doOnce(send, note, working, () => work(text), paying);
    else area.focus();
  };
  return el("form.ask", { submit }, el("label", label, area), el("div.row", send, note));
}

// ---- Numbers and dates in the user's language

let locale;

const formatNumber = (value, options) =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: 1, ...options }).format(num(value) ?? 0);

function formatMoney(value) {
  const amount = num(value);
  const digits = amount && Math.abs(amount) < 0.1 ? 4 : 2;
  const style = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: 2 };
  return amount === null ? "" : formatNumber(amount, { ...style, maximumFractionDigits: digits });
}

/** @param {Intl.DateTimeFormatOptions} options */
function formatDate(value, options = { dateStyle: "medium", timeStyle: "short" }) {
  const date = new Date(str(value));
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(locale, options).format(date);
}

function formatClock(value) {
  const seconds = Math.max(0, num(value) ?? 0);
  const pad = (part) => String(Math.floor(part)).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return (hours ? `${hours}:${pad(minutes)}` : minutes) + `:${pad(seconds % 60)}`;
}

function formatSeconds(value) {
  const seconds = num(value);
  if (seconds === null) return "";
  return seconds < 60 ? `${formatNumber(seconds)} s` : `${formatNumber(Math.round(seconds / 60))} min`;
}

function formatBytes(value) {
  const large = value >= 1e6;
  return num(value) === null ? "" : formatNumber(value / (large ? 1e6 : 1e3)) + (large ? " MB" : " kB");
}

const KINDS = { ask: "Answer", analyze: "Analysis", image: "Picture" };

/** Names a word of the server, as `in_progress`. */
function nameWord(value) {
  const word = str(value).replace(/_/g, " ");
  return Object.hasOwn(KINDS, word) ? KINDS[word] : word.charAt(0).toUpperCase() + word.slice(1);
}

const badge = (status) => el("span.badge", { "data-status": str(status) }, nameWord(status) || "Unknown");

// ---- Connections: to a host by messages, to the local viewer by HTTP

/** The server has refused, with nothing done. */
class Refusal extends Error {}
/** The browser has no session. */
class NoSession extends Error {}

let hostContext = obj();
let abilities = obj();
/** What the host is still to answer. */
const waiting = new Map();
let lastId = 0;

const host = window.parent !== window;
const request = host ? askHost : askViewer;

function send(message) {
  window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
}

function askHost(method, params, seconds = 60) {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    const settle = (answer) => {
      clearTimeout(timer);
      waiting.delete(id);
      if (answer.error) reject(new Error(str(answer.error.message) || "The host has refused this."));
      else resolve(obj(answer.result));
    };
    const timer = setTimeout(settle, seconds * 1000, { error: { message: "The host has not answered." } });
    waiting.set(id, settle);
    send({ id, method, params });
  });
}

function receive(event) {
  const message = obj(event.data);
  const { id, method } = message;
  if (event.source !== window.parent || message.jsonrpc !== "2.0") return;
  if (typeof method !== "string") waiting.get(id)?.(message);
  else if (id === undefined) takeNews(method, obj(message.params));
  else if (method === "ping" || method === "ui/resource-teardown") send({ id, result: {} });
  else send({ id, error: { code: -32601, message: "Method not found" } });
  if (method === "ui/resource-teardown") showMessage("This view is closed.");
}

async function askViewer(method, params, seconds) {
  const answer = await post("/rpc", { method, params }, seconds);
  if (answer.status === 401) throw new NoSession();
  const { error, result } = obj(await answer.json().catch(() => ({ error: {} })));
  if (error) throw new Error(str(error.message) || "The viewer has refused this.");
  return obj(result);
}

function post(path, body, seconds = 60) {
  const headers = { "Content-Type": "application/json", "X-Gemini-View": "1" };
  const signal = AbortSignal.timeout(seconds * 1000);
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal }).catch(() => {
    throw new Error("The viewer does not answer. Is gemini-interactions-mcp view still running?");
  });
}

const can = (ability) => !host || ability in abilities;
const canCall = () => can("serverTools");

let offeredTools = list();
const offers = (tool) => canCall() && offeredTools.includes(tool);

const readText = (result) =>
  objs(result.content).map((block) => str(block.text)).filter(Boolean).join("\n\n");

async function callTool(name, args, seconds) {
  const result = await request("tools/call", { name, arguments: args }, seconds);
  if (result.isError) throw new Refusal(readText(result) || "The server has refused this.");
  return result;
}

async function readView(args) {
  const result = await callTool("read_view", args);
  const view = obj(result._meta)[VIEW_KEY];
  return view ? obj(view) : { text: readText(result) || "The host has dropped the data of this view." };
}

function openLink(address) {
  const url = checkAddress(address);
  if (url && host && can("openLinks")) askHost("ui/open-link", { url }).catch(() => {});
  else if (url) window.open(url, "_blank", "noopener");
}

async function download(name, uri) {
  const resource = objs((await request("resources/read", { uri }, 300)).contents)[0];
  if (!resource) throw new Error("There is nothing in this file.");
  if (host && can("downloadFile")) {
    const answer = await askHost("ui/download-file", { contents: [{ type: "resource", resource }] }, 300);
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
/** Where the user is: `{id}` of an interaction, or `{list}`. */
let here = obj();
const trail = list();
/** Reads again what is shown. @type {any} */
let refresh;

function startTurn() {
  turn.abort();
  turn = new AbortController();
  refresh = undefined;
  return turn.signal;
}

const VIEWS = {
  plan: showAnswer,
  run: showRun,
  report: showAnswer,
  media: showAnswer,
  history: showHistory,
  usage: showUsage,
};

const isKnown = (view) => Object.hasOwn(VIEWS, str(view.view));
const placeOf = (view) =>
  ["history", "usage"].includes(view.view) ? { list: view.view } : { id: str(obj(view.interaction).id) };
const hashOf = (place) => (place.id ? `#i/${encodeURIComponent(place.id)}` : `#${place.list ?? ""}`);

/** Shows a view; with the focus on its heading where the user has asked for it. */
function show(view, focus = false) {
  const signal = startTurn();
  const known = isKnown(view);
  if (view.tools) offeredTools = list(view.tools);
  if (known) here = placeOf(view);
  hideTip();
  main.className = known ? view.view : "plain";
  try {
    const nodes = known ? VIEWS[view.view](view, signal) : showPlain(str(view.text) || JSON.stringify(view, null, 2));
    main.replaceChildren(...nodes.filter((node) => node instanceof Node));
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

const showMessage = (text, focus = false) => show({ text }, focus);
const showPlain = (text) => [el("h1.unseen", { tabindex: -1 }, "Message"), prose("div.words", text)];

/** Shows what a tool has returned. */
function showResult(result, input, focus = false) {
  const before = here;
  const text = readText(result);
  const view = obj(obj(result._meta)[VIEW_KEY]);
  // The outline and the sources are on the first page.
  const whole = isKnown(view) && !(obj(view.text).page > 1 && canCall());
  const id = str(placeOf(view).id) || /\binteraction_id: `?([\w.:=-]+)/.exec(text)?.[1] || str(obj(input).interaction_id);
  if (whole && !result.isError) show(view, focus);
  else if (id && !result.isError && canCall()) void load({ id }, focus);
  else showMessage(text || "There is nothing to show.", focus);
  if (!focus || hashOf(before) === hashOf(here)) return;
  trail.push(before);
  if (!host) window.history.pushState(null, "", hashOf(here));
  showBar();
}

async function load(place, focus = false) {
  const signal = startTurn();
  here = place;
  main.setAttribute("aria-busy", "true");
  const wanted = place.id ? { interaction_id: place.id } : { list: place.list };
  if (place.list === "history") Object.assign(wanted, filters);
  try {
    const view = await readView(wanted);
    if (!signal.aborted) show(view, focus);
  } catch (error) {
    if (!signal.aborted) showFailure(error, place);
  }
}

function showFailure(error, place) {
  const lost = error instanceof NoSession;
  const used = "This link has been used or the viewer was restarted. Run gemini-interactions-mcp view again.";
  showMessage(lost ? used : describe(error));
  if (lost) byId("bar").hidden = true;
  else main.append(button("Try again", () => load(place, true)));
}

/** Goes to a place as the user has asked. */
function go(place) {
  if (host) trail.push(here);
  if (host || window.location.hash === hashOf(place)) void load(place, true);
  else window.location.hash = hashOf(place);
}

/** Calls a tool by which the user goes on, and shows its result unless the user has left meanwhile. */
async function proceed(tool, args) {
  const { signal } = turn;
  const result = await callTool(tool, args, 600);
  if (signal.aborted) announce("Done.");
  else showResult(result, args, true);
}

function showBar() {
  const last = host && trail.at(-1);
  const back = last && button("← Back", () => (trail.pop(), load(last, true)), { class: "button bare" });
  const tabs = ["history", "usage"].map((name) => {
    const props = { class: "button bare tab", "aria-current": here.list === name && "page" };
    return button(nameWord(name), () => go({ list: name }), props);
  });
  const lists = (!host || (here.list && canCall())) && el("nav", { "aria-label": "Lists" }, ...tabs);
  const parts = [back, lists, fullscreenButton()].filter(Boolean);
  byId("bar").replaceChildren(...parts);
  byId("bar").hidden = !parts.length;
}

function fullscreenButton() {
  const full = hostContext.displayMode === "fullscreen";
  const mode = full ? "inline" : "fullscreen";
  if (!list(hostContext.availableDisplayModes).includes(mode)) return null;
  const ask = async () => {
    const answer = await askHost("ui/request-display-mode", { mode }).catch(obj);
    if (answer.mode) setContext({ displayMode: answer.mode });
  };
  return button(full ? "Leave full screen" : "Full screen", ask, { class: "button bare full" });
}

// ---- The text of an answer

const COPIED = new Set(
  ("p br hr em strong s code pre blockquote ul ol li table thead tbody tr th td span sup " +
    "h1 h2 h3 h4 h5 h6 a img").split(" "),
);
const BLOCK = /^(p|li|t[dh]|blockquote|[uo]l)$/;
const DROPPED = new Set("script style template iframe object embed svg math noscript textarea title select".split(" "));

/** Copies what `html` may have, with headings in order and ids that clash with no other. */
class TextCopier {
  levels = list();
  boxes = 0;

  constructor(sources, picture) {
    this.sources = sources;
    this.picture = picture;
  }

  copy(html) {
    const fragment = document.createDocumentFragment();
    this.copyChildren(new DOMParser().parseFromString(html, "text/html").body, fragment);
    return fragment;
  }

  copyChildren(from, to) {
    for (const child of from.childNodes) {
      if (child instanceof Text) to.append(child.data);
      else if (child instanceof Element && !DROPPED.has(child.localName)) this.copyElement(child, to);
    }
  }

  copyElement(from, to) {
    const tag = from.localName;
    if (!COPIED.has(tag)) return this.copyChildren(from, to);
    const node = this.makeElement(from, tag);
    if (tag !== "img") this.copyChildren(from, node);
    const label = { pre: "Code", table: "Table" }[tag];
    to.append(label ? scrollBox(`${label} ${++this.boxes}`, node) : node);
  }

  makeElement(from, tag) {
    const read = (name) => from.getAttribute(name) ?? "";
    if (/^h[1-6]$/.test(tag)) return this.makeHeading(tag[1], from.id);
    if (tag === "a") return this.makeLink(read("href"));
    if (tag === "img") return this.picture(read("data-file"), read("alt"));
    const node = el(tag === "th" && !from.textContent.trim() ? "td" : tag, { dir: BLOCK.test(tag) && "auto" });
    if (/^(right|center)$/.test(from.className)) node.className = from.className;
    if (tag === "ol" && /^\d{1,6}$/.test(read("start"))) node.start = read("start");
    return node;
  }

  makeHeading(level, id) {
    while (this.levels.at(-1) >= level) this.levels.pop();
    this.levels.push(level);
    return el(`h${Math.min(6, this.levels.length + 1)}`, { id: `t-${id}`, dir: "auto", tabindex: -1 });
  }

  makeLink(href) {
    if (!href.startsWith("#")) return makeLink(href);
    const props = { href: `#t-${href.slice(1)}`, "data-jump": `t-${href.slice(1)}` };
    const number = /^#source-(\d+)$/.exec(href)?.[1];
    if (!number) return el("a", props);
    const source = obj(this.sources.get(number));
    const tip = `${str(source.title) || str(source.url) || `Source ${number}`}\n${nameSite(source)}`;
    return el("a.mark", { ...props, "data-tip": tip });
  }
}

/** Makes a link to elsewhere, if the address may be linked to. */
function makeLink(url, text) {
  const href = checkAddress(url);
  return href ? el("a", { href, rel: "noopener noreferrer", target: "_blank" }, text) : el("span", text);
}

function nameSite(source) {
  const address = checkAddress(source.url);
  const site = address && new URL(address).hostname.replace(/^www\./, "");
  return [site, num(source.page) !== null && `page ${source.page}`].filter(Boolean).join(", ");
}

/** Shows a text page by page until it is complete. */
class Reader {
  article = el("article.text", { "aria-label": "Text" });
  rest = makeNote();
  page = 0;

  constructor(view, signal) {
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
    this.pages = num(text.pages) ?? 1;
    this.add(text);
    this.complete = this.readRest();
    reader = this;
  }

  /** Adds a page in chunks, which are laid out only near the window. */
  add(text) {
    this.page += 1;
    let chunk;
    for (const node of [...this.copier.copy(str(text.html)).childNodes]) {
      if (!chunk || node instanceof HTMLHeadingElement || chunk.childNodes.length >= 24) {
        chunk = el("div.chunk");
        this.article.append(chunk);
      }
      chunk.append(node);
    }
  }

  /** Reads the other pages; returns whether all are there. */
  async readRest() {
    const { id, pages, rest, signal } = this;
    while (this.page < pages && !signal.aborted) {
      const page = this.page + 1;
      say(rest, `Loading page ${page} of ${pages}…`);
      try {
        if (!canCall()) throw new Error("This host does not let a view read on.");
        const view = await readView({ interaction_id: id, page });
        if (!view.interaction) throw new Error(str(view.text));
        if (!signal.aborted) this.add(obj(view.text));
      } catch (error) {
        say(rest, `Page ${page} of ${pages} could not be loaded. ${describe(error)} `, true);
        if (canCall()) rest.append(button("Try again", () => (this.complete = this.readRest())));
        return false;
      }
    }
    say(rest, "");
    return this.page >= pages;
  }

  showOutline() {
    if (this.outline.length < 2) return null;
    const levels = this.outline.map((entry) => num(entry.level) ?? 1);
    const entries = this.outline.map((entry, index) => {
      const id = `t-${str(entry.anchor)}`;
      const depth = Math.min(2, levels[index] - Math.min(...levels));
      return el(`li.depth-${depth}`, el("a", { href: `#${id}`, dir: "auto", "data-jump": id }, str(entry.title)));
    });
    const details = el("details", { open: WIDE.matches }, el("summary", "Contents"), el("ol", ...entries));
    return el("nav.outline", { "aria-label": "Contents" }, details);
  }

  showSources() {
    if (!this.sources.length) return null;
    const entries = this.sources.map((source) => {
      const number = str(source.number);
      const link = makeLink(source.url, str(source.title) || checkAddress(source.url) || `Source ${number}`);
      link.dir = "auto";
      const props = { id: `t-source-${number}`, value: Number(number), tabindex: -1 };
      return el("li", props, link, el("small", nameSite(source)));
    });
    const title = `Sources (${formatNumber(entries.length)})`;
    return el("section.sources", { "aria-label": "Sources" }, el("h2", title), el("ol", ...entries));
  }
}

/** The text that is shown. @type {Reader | undefined} */
let reader;

/** Goes to a part of the text, once it is there. */
async function jump(link) {
  const id = link.dataset.jump;
  if (!byId(id)) await reader?.complete;
  const target = byId(id);
  if (!target) return;
  hideTip();
  const menu = link.closest(".outline details");
  if (menu) menu.open = WIDE.matches;
  target.scrollIntoView();
  // Chunks that were not laid out before have another height now.
  requestAnimationFrame(() => target.scrollIntoView());
  target.focus({ preventScroll: true });
}

const addressFile = (id, name) => `/files/${encodeURIComponent(id)}/${encodeURIComponent(name)}`;

/** Pictures of an interaction, each loaded once it comes near the window. */
class Pictures {
  images = list();
  loading = new Map();

  constructor(id, files, signal) {
    this.id = id;
    this.files = new Map(files.map((file) => [str(file.name), file]));
    const load = (changes) => changes.forEach((change) => change.isIntersecting && this.load(change.target));
    this.watcher = new IntersectionObserver(load, { rootMargin: "800px" });
    signal.addEventListener("abort", () => this.watcher.disconnect());
  }

  make(name, alt, caption = alt) {
    const words = el("span.caption", { dir: "auto" }, caption || name);
    if (!name || !canCall()) return words;
    const { width, height } = obj(this.files.get(name));
    const image = el("img", { alt: "", "data-file": name, width: num(width), height: num(height) });
    const click = () => this.enlarge(name, alt);
    const open = el("button", { type: "button", "aria-label": `Enlarge: ${alt || name}`, click }, image);
    this.images.push(image);
    this.watcher.observe(image);
    return el("span.picture", open, caption && words);
  }

  load(image) {
    this.watcher.unobserve(image);
    const loading = this.loading.get(image) ?? this.fill(image, image.dataset.file, 1024);
    this.loading.set(image, loading);
    return loading;
  }

  async fill(image, name, side) {
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

  enlarge(name, alt) {
    const image = el("img", { alt: alt || name });
    const head = el("div.row", el("p", { dir: "auto" }, alt || name), button("Close", () => dialog.close()));
    const props = { "aria-label": "Picture", close: () => dialog.remove() };
    const dialog = el("dialog", props, head, el("div.frame", el("div", image)));
    document.body.append(dialog);
    dialog.showModal();
    if (host) void this.fill(image, name, 4096);
    else image.src = addressFile(this.id, name);
  }
}

/** Copies a text, also as frames allow more often; returns whether that was allowed. */
async function copyText(text) {
  if (await navigator.clipboard?.writeText(text).then(() => true, () => false)) return true;
  const area = el("textarea.unseen", { "aria-hidden": "true" }, text);
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Shows what can be done with a text. */
function showTextActions(text) {
  const note = makeNote();
  const copy = actionButton("Copy", note, "Copying…", () => copyAll(text));
  const print = actionButton("Print", note, "Loading everything…", () => printAll(text));
  const forms = Object.entries({ html: "HTML", md: "Markdown", docx: "Word", pdf: "PDF" }).map(([ending, label]) => {
    const one = actionButton(label, note, `Saving as ${label}…`, () => save(text.id, `report.${ending}`));
    one.ariaLabel = `Save as ${label}`;
    return one;
  });
  const saving = offers("read_interaction") && el("div.joined", { role: "group", "aria-label": "Save" }, "Save as", ...forms);
  return el("div.actions", { "data-once": true }, el("div.row", copy, print, saving), note);
}

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

async function printAll(text) {
  await text.complete;
  await text.pictures.loadAll();
  let printed = false;
  window.addEventListener("beforeprint", () => void (printed = true), { once: true });
  window.print();
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (!printed) throw new Error("This host does not let a view print. Save it as PDF or HTML instead.");
}

async function save(id, name) {
  const result = await callTool("read_interaction", { interaction_id: id, save_as: name }, 300);
  const link = objs(result.content).find((block) => block.type === "resource_link");
  const said = readText(result);
  if (link && can("serverResources")) await download(str(link.name) || name, str(link.uri));
  return said.length < 400 ? said || "Saved." : "Saved.";
}

// ---- Plans, reports, pictures, sound and video

function showHead(item, ...facts) {
  const title = str(item.title) || str(item.topic) || "Untitled";
  const prompt = str(item.prompt).trim();
  const kind = nameWord(item.kind) + (item.plan && !str(item.kind).endsWith("plan") ? " plan" : "");
  return el(
    "header.head",
    el("p.facts", el("b", kind), badge(item.status), ...spans(facts)),
    el("h1", { tabindex: -1, dir: "auto" }, title),
    prompt !== title.trim() && prompt && el("details.prompt", el("summary", "Prompt"), prose("div.words", prompt)),
    prose("p.callout.bad", item.error),
  );
}

/** Shows what came before and after. */
function showLineage(item) {
  const links = objs(item.followers).map((follower) => {
    const text = str(follower.title) || nameWord(follower.kind);
    return el("li", follower.plan ? "Next plan: " : "Next: ", placeLink(text, str(follower.id)));
  });
  const previous = str(item.previous_interaction_id);
  if (previous) links.unshift(el("li", placeLink("What came before", previous)));
  return canCall() && links.length > 0 && el("nav.lineage", { "aria-label": "Conversation" }, el("ul", ...links));
}

/** Continues in the chat, where the host takes messages. */
function showFollowUp(item) {
  if (!host || !can("message")) return null;
  return promptForm("Ask a follow-up in the chat", "Send", "Sending…", async (text) => {
    const words = `About the Gemini interaction ${str(item.id)}: ${text}`;
    const answer = await askHost("ui/message", { role: "user", content: [{ type: "text", text: words }] }, 600);
    if (answer.isError) throw new Refusal("The host has not taken the message.");
    return "Sent to the chat.";
  });
}

const isOf = (file, kind) => str(file.mime_type).startsWith(kind);

/** Shows a plan, a report or media: in one order, with what the view has. */
function showAnswer(view, signal) {
  const item = obj(view.interaction);
  const kind = view.view;
  const text = new Reader(view, signal);
  const files = objs(view.files).filter((file) => str(file.name));
  const lines = objs(view.transcript);
  const shown = text.pictures.images.map((image) => image.dataset.file);
  const free = files.filter((file) => !shown.includes(file.name) && (kind === "media" || num(file.place) === null));
  const pictures = free.filter((file) => isOf(file, "image/")).map((file) => text.pictures.make(file.name, "", " "));
  const played = files.filter((file) => isOf(file, "audio/") || isOf(file, "video/"));
  const players = played.map((file) => showPlayer(file, text.id, signal));
  const media = [
    pictures.length > 0 && el(pictures.length > 1 ? "div.gallery" : "div.single", ...pictures),
    ...players.map(({ box }) => box),
  ];
  const body = lines.length ? showTranscript(lines, players[0]?.media) : text.article;
  const time = formatDate(item.finished_at ?? item.created_at);
  refresh = () => readAgain(view, signal);
  return [
    showHead(item, time, formatSeconds(item.seconds), str(item.cost), str(item.maker)),
    ...(kind === "plan" ? showPlan(item, obj(view.plan)) : []),
    ...(kind === "media" ? [...media, pictures.length > 0 && showEdit(text.id)] : []),
    ...(kind === "report" ? [body.textContent && showTextActions(text), text.showOutline()] : []),
    body,
    text.rest,
    ...(kind === "media" ? [] : media),
    free.length > 0 && showFiles(free, text.id),
    text.showSources(),
    showLineage(item),
    showFollowUp(item),
  ];
}

/** Shows the same again if it has changed and the user is not in the midst of something. */
async function readAgain(view, signal) {
  const next = await readView({ interaction_id: str(obj(view.interaction).id) }).catch(obj);
  const compare = (one) => JSON.stringify([one.view, one.interaction, one.plan, one.files]);
  const written = [...main.querySelectorAll("textarea")].some((area) => area.value);
  const playing = [...main.querySelectorAll("audio, video")].some((media) => !media.paused);
  if (signal.aborted || !next.interaction || compare(next) === compare(view)) return;
  if (written || playing || document.querySelector("dialog, [data-busy]")) return;
  const { scrollY } = window;
  show(next);
  window.scrollTo(0, scrollY);
}

const PLAN_STATES = { refined: "A newer plan has taken its place.", approved: "Approved.", declined: "Declined." };

function showPlan(item, plan) {
  const steps = list(plan.steps).map((step) => prose("li", step));
  const next = str(plan.successor);
  const open = next && canCall() && button("Open it", () => go({ id: next }));
  const said = PLAN_STATES[str(plan.state)];
  const waiting = plan.state === "waiting" && item.settled !== false;
  return [
    steps.length > 0 && el("section.steps", { "aria-label": "Steps" }, el("h2", "Steps"), el("ol", ...steps)),
    waiting ? showApproval(item, plan) : said && el("p.callout", said, " ", open),
    el("h2", "The whole plan"),
  ];
}

function showApproval(item, plan) {
  const note = makeNote();
  const previous = { previous_interaction_id: str(item.id) };
  const start = () => proceed("start_research", { ...previous, prompt: str(plan.approval) || "Go on with this plan." });
  const change = (prompt) => proceed("start_research", { ...previous, prompt, plan_first: true });
  const approve = actionButton("Approve and start", note, "Starting the research…", start, true);
  approve.classList.add("primary");
  const decision = [
    el("div.row", approve, note),
    promptForm("What should change?", "Change the plan", "Asking for another plan…", change, true),
  ];
  return el(
    "section.card",
    { "aria-label": "Decision", "data-once": true },
    prose("p", plan.estimate),
    prose("p", plan.spent),
    ...(offers("start_research") ? decision : []),
  );
}

function showEdit(id) {
  const edit = (prompt) => proceed("generate_image", { prompt, previous_interaction_id: id });
  return offers("generate_image") && promptForm("Change this picture", "Make it", "Making it…", edit, true);
}

function showFiles(files, id) {
  const entries = files.map((file) => {
    const name = str(file.name);
    const size = num(file.width) && num(file.height) && `${file.width} × ${file.height}`;
    const facts = [str(file.mime_type), size, formatSeconds(file.seconds), formatBytes(file.bytes)].filter(Boolean);
    const props = { href: addressFile(id, name), download: name, "aria-label": `Save ${name}` };
    const words = el("div", prose("span", name), el("small", facts.join(" · ")), el("small", str(file.path)));
    return el("li", words, !host && el("a.button", props, "Save"));
  });
  return el("section", { "aria-label": "Files" }, el("h2", "Files"), el("ul.rows", ...entries));
}

/** Shows a player; as frames may play data: URLs only, there the file is read piece by piece. */
function showPlayer(file, id, signal) {
  const name = str(file.name);
  const bytes = num(file.bytes) ?? 0;
  const props = { controls: true, preload: "metadata", playsinline: true, "aria-label": name };
  const media = el(isOf(file, "video/") ? "video" : "audio", props);
  if (!host) {
    media.src = addressFile(id, name);
    return { box: el("div.player", media), media };
  }
  if (!canCall() || bytes > LARGEST_MEDIA) {
    return { box: el("p.callout", "This view cannot play the file. ", str(file.path)) };
  }
  const note = makeNote();
  const tell = (part) => (start.textContent = `Loading, ${formatNumber(100 * part)} %`);
  const fetchAll = async () => {
    media.src = await readPieces(file, id, signal, tell);
    start.replaceWith(media);
  };
  const start = actionButton(`Load (${formatBytes(bytes)})`, note, "", fetchAll);
  const box = el("div.player", { "data-once": true }, el("div.row", start), note);
  if (bytes <= LOADED_AT_ONCE) start.click();
  return { box, media };
}

async function readPieces(file, id, signal, tell) {
  const parts = list();
  const mime = str(file.mime_type);
  for (let offset = 0, total = 1; offset < total; ) {
    const piece = await readView({ interaction_id: id, name: file.name, offset });
    const bytes = num(piece.bytes) ?? 0;
    if (signal.aborted || bytes <= 0 || piece.offset !== offset) throw new Error("The file could not be read.");
    parts.push(str(piece.base64));
    offset += bytes;
    total = num(piece.total) ?? 0;
    tell(offset / total);
  }
  return `data:${/^[\w.+-]+\/[\w.+-]+$/.test(mime) ? mime : ""};base64,${parts.join("")}`;
}

/** Lets the user choose the recording that was transcribed. */
function pickRecording(media) {
  const reading = new FileReader();
  reading.onload = () => {
    media.src = reading.result;
    pick.parentElement.after(media);
  };
  const accept = "audio/*,video/*";
  const pick = el("input", { type: "file", accept, change: () => pick.files[0] && reading.readAsDataURL(pick.files[0]) });
  return el("label", "Play the recording (it does not leave this page)", pick);
}

/** Shows what is said, which follows the player and moves it. */
function showTranscript(lines, player) {
  const starts = lines.map((line) => num(line.start));
  const timed = starts.some((start) => start !== null);
  const media = player ?? el("video", { controls: true, "aria-label": "Recording" });
  const seek = (seconds) => {
    media.currentTime = seconds;
    void media.play().catch(() => {});
  };
  const entries = lines.map((line, index) => {
    const start = starts[index];
    const time = start !== null && button(formatClock(start), () => seek(start), { class: "link" });
    return el("li", time, el("p", { dir: "auto" }, line.speaker && el("b", `${str(line.speaker)} `), str(line.text)));
  });
  const box = scrollBox("Transcript", el("ol", ...entries));
  let free = 0;
  const hold = () => void (free = Date.now() + 5000);
  for (const name of ["wheel", "touchmove", "keydown"]) box.addEventListener(name, hold, { passive: true });
  media.addEventListener("timeupdate", () => {
    const now = entries[starts.findLastIndex((start) => start !== null && start <= media.currentTime + 0.05)];
    if (!now || now.ariaCurrent === "true") return;
    for (const entry of entries) entry.ariaCurrent = String(entry === now);
    if (Date.now() > free) box.scrollTop = now.offsetTop - box.clientHeight / 3;
  });
  const pick = !player && timed && pickRecording(media);
  return el("section.transcript", { "aria-label": "What is said" }, el("h2", "Transcript"), pick, box);
}

// ---- A run

function showRun(view, signal) {
  const item = obj(view.interaction);
  const activity = el("p.activity", { dir: "auto" });
  const facts = el("p.facts");
  const elapsed = el("span");
  const waiting = el("p.callout", { dir: "auto" });
  const prospect = el("small", { dir: "auto" });
  const searches = makeLog("Searches");
  const pages = makeLog("Pages");
  const partial = el("article.text", { "aria-label": "So far" });
  const note = makeNote();
  let [base, since, said, html] = [0, 0, 0, ""];
  const tick = () => void (elapsed.textContent = `Elapsed ${formatClock(base + (performance.now() - since) / 1000)}`);
  const update = (next) => {
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
    prospect.textContent = run.waiting ? "" : str(run.prospect);
    facts.replaceChildren(elapsed, prose("span", run.cost));
    searches.update(list(run.searches).map((search) => prose("span", search)));
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
  const parts = [activity, facts, waiting, prospect, showStop(item), note];
  const now = el("section.card", { "aria-label": "Progress" }, ...parts);
  return [showHead(item), now, el("div.logs", searches.box, pages.box), partial, showLineage(item)];
}

/** Makes a list that grows, newest first. */
function makeLog(title) {
  const count = el("small");
  const entries = el("ol.rows");
  const heading = el("h2", title, " ", count);
  const box = el("section", { "aria-label": title }, heading, scrollBox(`${title}, newest first`, entries));
  const update = (nodes) => {
    for (const node of nodes.slice(entries.childElementCount)) entries.prepend(el("li", node));
    count.textContent = formatNumber(nodes.length);
    box.hidden = !nodes.length;
  };
  return { box, update };
}

function showStop(item) {
  if (!offers("cancel_research") || item.settled || !str(item.kind).startsWith("research")) return null;
  const work = () => proceed("cancel_research", { interaction_id: str(item.id) });
  const question = "Stop this run? What it has done so far may cost.";
  const stop = button("Stop", () => askFirst(stop, question, "Stop it", work));
  return el("div.row", stop);
}

/** Reads a run again and again until it has settled, but not while the page is hidden. */
async function poll(view, update, note, signal) {
  const pause = 1000 * Math.max(1, num(obj(view.run).poll_seconds) ?? 3);
  let [failures, wake] = [0, () => {}];
  refresh = () => wake();
  document.addEventListener("visibilitychange", refresh, { signal });
  for (;;) {
    await new Promise((resolve) => {
      wake = () => resolve(undefined);
      setTimeout(resolve, pause * 2 ** failures);
    });
    if (signal.aborted) return;
    if (document.hidden) continue;
    const next = await readView({ interaction_id: placeOf(view).id }).catch((error) => error);
    if (signal.aborted) return;
    const failed = next instanceof Error;
    failures = failed ? Math.min(failures + 1, 4) : 0;
    say(note, failed ? `${describe(next)} Trying again.` : "", failed);
    if (!failed && (next.view !== "run" || obj(next.interaction).settled)) {
      show(next, main.contains(document.activeElement));
      return announce(`${nameWord(obj(next.interaction).status) || "Done"}.`);
    }
    if (!failed) update(next);
  }
}

// ---- The history

const filters = obj({});

function takeFilters(from) {
  for (const name of ["query", "kind", "status"]) {
    if (str(from[name])) filters[name] = str(from[name]);
    else delete filters[name];
  }
}

function showHistory(view, signal) {
  takeFilters(obj(view.filters));
  const query = el("input", { type: "search", dir: "auto", value: filters.query });
  const kind = makeSelect(filters.kind, "Every kind", list(view.kinds));
  const status = makeSelect(filters.status, "Every status", list(view.statuses));
  const note = makeNote();
  const rows = el("ul.rows");
  const more = actionButton("Show more", note, "Loading…", () => read(cursor));
  let [cursor, asked, timer] = ["", 0, 0];
  const fill = (page, added) => {
    const focused = document.activeElement?.closest("[data-id]")?.getAttribute("data-id");
    const entries = objs(page.rows).map((row) => showRow(row, query));
    if (added) rows.append(...entries);
    else rows.replaceChildren(...entries);
    const next = added ? entries[0] : entries.find((entry) => entry.dataset.id === focused);
    next?.querySelector("button")?.focus();
    cursor = str(page.next_cursor);
    more.hidden = !cursor || !canCall();
    const found = rows.childElementCount;
    const none = Object.keys(filters).length ? "Nothing matches." : "Nothing yet. What you ask Gemini for appears here.";
    return found ? `${formatNumber(found)}${cursor ? " newest" : ""} shown` : none;
  };
  const read = async (from) => {
    const mine = ++asked;
    const page = await readView({ list: "history", ...filters, ...(from && { cursor: from }) });
    return mine === asked && !signal.aborted ? fill(page, !!from) : note.textContent;
  };
  const search = () => {
    takeFilters({ query: query.value.trim(), kind: kind.value, status: status.value });
    read("").then((text) => say(note, text), (error) => say(note, describe(error), true));
  };
  const input = () => {
    clearTimeout(timer);
    timer = window.setTimeout(search, 350);
  };
  const submit = (event) => (event.preventDefault(), search());
  const labels = [el("label", "Search", query), el("label", "Kind", kind), el("label", "Status", status)];
  refresh = () => rows.childElementCount > 50 || rows.querySelector(".confirm") || search();
  say(note, fill(view, false));
  const form = canCall() && el("form.filters", { role: "search", submit, input }, ...labels);
  return [el("h1", { tabindex: -1 }, "History"), form, note, rows, el("div.row", more)];
}

function makeSelect(chosen, all, values) {
  const options = values.map((value) => el("option", { value: str(value) }, nameWord(value)));
  const select = el("select", el("option", { value: "" }, all), ...options);
  select.value = str(chosen);
  return select;
}

/** Shows a row; after the last one is deleted, `fallback` has the focus. */
function showRow(row, fallback) {
  const id = str(row.interaction_id);
  const handle = id || str(row.label);
  const title = (str(row.topic) || str(row.prompt) || handle).split("\n")[0].slice(0, 200);
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
  const ask = () => askFirst(remove, "Delete this for good?", "Delete", work);
  const remove = button("Delete", ask, { class: "button bare", "aria-label": `Delete ${title}` });
  const open = id && canCall() ? placeLink(title, id) : prose("span", title);
  const words = el("div", open, el("p.facts", badge(row.status), ...spans(facts)), prose("p.error", row.error));
  const entry = el("li", { "data-id": handle }, words, offers("delete_interaction") && remove);
  return entry;
}

// ---- The usage

const costOf = (row) => num(row.cost_usd) ?? 0;

function showUsage(view, signal) {
  const total = obj(view.total);
  const limits = objs(view.limits).map((limit) => showLimit(str(limit.name), limit.spent_usd, limit.limit_usd, formatMoney));
  limits.push(showLimit("research runs today", view.runs_today, view.runs_limit, formatNumber));
  refresh = async () => {
    const next = await readView({ list: "usage" }).catch(() => view);
    if (!signal.aborted && JSON.stringify(next) !== JSON.stringify(view)) show(next);
  };
  const since = formatDate(view.since, { dateStyle: "medium", timeZone: "UTC" });
  const sum = `${formatMoney(total.cost_usd) || "Unknown costs"} for ${formatNumber(total.runs)} runs`;
  return [
    el("h1", { tabindex: -1 }, "Usage"),
    el("p.lead", num(total.runs) ? sum : "Nothing has been used", since && ` since ${since}`),
    el("section.limits", { "aria-label": "Limits" }, ...limits),
    showTable("Day", fillDays(objs(view.days), view.since), drawDays),
    showTable("Model", objs(view.models).sort((one, two) => costOf(two) - costOf(one))),
    showTable("Kind", objs(view.kinds)),
    prose("p.lead", view.notes),
  ];
}

function showLimit(name, spent, limit, format) {
  const [used, most] = [num(spent) ?? 0, num(limit)];
  const head = el("p", el("span", name.charAt(0).toUpperCase() + name.slice(1)), el("b", format(used)));
  if (most === null) return el("div.limit", head, el("small", "No limit"));
  const left = `${format(Math.max(0, most - used))} left of ${format(most)}`;
  return el("div.limit", head, drawBar(most > 0 ? used / most : 1, true), el("small", left));
}

/** Draws a part of a whole; a limit turns red before it is reached. */
function drawBar(part, limited) {
  const bar = el("span", { class: limited && part > 0.9 && "full" });
  bar.style.width = `${100 * Math.min(1, part)}%`;
  return el("div.meter", bar);
}

/** Shows a table with bars, below a chart if there is one. */
function showTable(column, rows, chart) {
  if (!rows.length) return null;
  const top = Math.max(...rows.map(costOf)) || 1;
  const title = `Dollars by ${column.toLowerCase()}`;
  const lines = rows.map((row) => {
    const unpriced = num(row.unpriced_runs) ? ` + ${formatNumber(row.unpriced_runs)} unpriced` : "";
    const counts = [row.runs, row.input_tokens, row.output_tokens].map((count) => formatNumber(count));
    const cells = [(formatMoney(row.cost_usd) || "unknown") + unpriced, ...counts].map((text) => el("td.right", text));
    return el("tr", el("th", { scope: "row" }, str(row.name), drawBar(costOf(row) / top, false)), ...cells);
  });
  const heads = ["Cost", "Runs", "Input tokens", "Output tokens"].map((name) => el("th.right", { scope: "col" }, name));
  const head = el("thead", el("tr", el("th", { scope: "col" }, column), ...heads));
  const box = scrollBox(`${title}, table`, el("table", head, el("tbody", ...lines)));
  const shown = chart ? [chart(rows, top), el("details", el("summary", "Show as a table"), box)] : [box];
  return el("section.usage-part", { "aria-label": title }, el("h2", title), ...shown);
}

/** Returns the days in order, with the empty ones between them. */
function fillDays(days, since) {
  const known = new Map(days.map((day) => [str(day.name), day]));
  const names = [...known.keys()].sort();
  const filled = list();
  const last = Date.parse(names.at(-1) ?? "");
  for (let at = Date.parse(str(since) || str(names[0])); at <= last && filled.length < 100; at += 864e5) {
    const name = new Date(at).toISOString().slice(0, 10);
    filled.push(known.get(name) ?? { name, cost_usd: 0 });
  }
  return filled.length ? filled : days;
}

function drawDays(days, top) {
  const nameDay = (day) => formatDate(day.name, { month: "short", day: "numeric", timeZone: "UTC" }) || str(day.name);
  const columns = days.map((day) => {
    const bar = el("i");
    bar.style.height = `${(100 * costOf(day)) / top}%`;
    return el("span", { "data-tip": `${nameDay(day)}: ${formatMoney(costOf(day))}\n${formatNumber(day.runs)} runs` }, bar);
  });
  const amounts = [top, top / 2, 0].map((amount) => el("span", formatMoney(amount)));
  const label = `At most ${formatMoney(top)} a day. All values are in the table below.`;
  const ends = [el("span", nameDay(days[0])), el("span", nameDay(days.at(-1)))];
  return el("div.days", { role: "img", "aria-label": label }, el("div", ...amounts), el("div", ...columns), el("p", ...ends));
}

// ---- Tooltips, and clicks on links

function showTip(owner) {
  const tip = byId("tip");
  const [title, detail] = owner.dataset.tip.split("\n");
  tip.replaceChildren(el("span", { dir: "auto" }, title), el("small", detail));
  tip.hidden = false;
  owner.setAttribute("aria-describedby", "tip");
  const at = owner.getBoundingClientRect();
  const above = at.top - tip.offsetHeight - 4;
  tip.style.left = `max(0.5rem, min(${at.left}px, 100vw - ${tip.offsetWidth}px - 0.5rem))`;
  tip.style.top = `${above > 4 ? above : at.bottom + 4}px`;
}

function hideTip() {
  byId("tip").hidden = true;
  document.querySelector("[aria-describedby=tip]")?.removeAttribute("aria-describedby");
}

/** @param {any} event */
function followPointer({ target }) {
  const owner = target.closest?.("[data-tip]");
  if (owner) showTip(owner);
  else if (!target.closest?.("#tip")) hideTip();
}

/** Keeps a tooltip while the page scrolls to its mark. */
function moveTip() {
  const owner = document.querySelector("[aria-describedby=tip]");
  if (owner?.matches(":focus, :hover")) showTip(owner);
  else hideTip();
}

/** @param {any} event */
function followLink(event) {
  const link = event.target.closest?.("a");
  if (!link || link.hasAttribute("download")) return;
  event.preventDefault();
  if (link.dataset.jump) void jump(link);
  else openLink(link.href);
}

document.addEventListener("mouseover", followPointer);
document.addEventListener("focusin", followPointer);
document.addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
document.addEventListener("scroll", moveTip, { passive: true, capture: true });
document.addEventListener("click", followLink);

// ---- The start

let toolInput = obj({});
/** Settles when the host has answered, or is not waited for any longer. */
let hostReady = Promise.resolve();

function takeNews(method, params) {
  if (method === "ui/notifications/host-context-changed") setContext(params);
  else if (method === "ui/notifications/tool-input") toolInput = obj(params.arguments);
  else if (method === "ui/notifications/tool-result") void hostReady.then(() => showResult(params, toolInput));
  else if (method === "ui/notifications/tool-cancelled" && !main.querySelector("h1")) {
    showMessage(`This was cancelled. ${str(params.reason)}`);
  }
}

function setContext(changes) {
  hostContext = { ...hostContext, ...changes };
  const { style } = document.documentElement;
  style.colorScheme = /^(light|dark)$/.test(hostContext.theme) ? hostContext.theme : "";
  for (const [name, value] of Object.entries(obj(obj(hostContext.styles).variables))) {
    if (/^--[\w-]+$/.test(name) && typeof value === "string") style.setProperty(name, value);
  }
  locale = attempt(() => Intl.getCanonicalLocales(str(hostContext.locale).replace(/_/g, "-"))[0]);
  showBar();
}

/** Tells the host the size, within what it allows; what is longer scrolls. */
function watchSize() {
  let [timer, told] = [0, ""];
  const tell = () => {
    const room = obj(hostContext.containerDimensions);
    const most = num(room.height) ?? num(room.maxHeight) ?? INLINE_HEIGHT;
    const size = { width: window.innerWidth, height: Math.min(most, Math.ceil(document.body.offsetHeight)) };
    if (told !== JSON.stringify(size)) send({ method: "ui/notifications/size-changed", params: size });
    told = JSON.stringify(size);
  };
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = window.setTimeout(tell, 80);
  }).observe(document.body);
}

async function startInHost() {
  document.documentElement.classList.add("framed");
  window.addEventListener("message", receive);
  const appInfo = { name: "gemini-interactions-mcp", version: "1" };
  const appCapabilities = { availableDisplayModes: ["inline", "fullscreen"] };
  const late = setTimeout(() => showMessage("The host does not answer, so there is nothing to show yet."), 10_000);
  const answered = askHost("ui/initialize", { protocolVersion: PROTOCOL, appInfo, appCapabilities }, 3600);
  hostReady = Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 10_000))]).then(() => {}, () => {});
  const answer = await answered;
  clearTimeout(late);
  abilities = obj(answer.hostCapabilities);
  setContext(obj(answer.hostContext));
  send({ method: "ui/notifications/initialized", params: {} });
  watchSize();
}

async function startInBrowser() {
  let [timer, routed] = [0, false];
  const route = () => {
    const { hash } = window.location;
    const id = /^#i\/(.+)$/.exec(hash)?.[1];
    void load(id ? { id: decode(id) } : { list: hash === "#usage" ? "usage" : "history" }, routed);
    routed = true;
  };
  const token = /^#token=(.+)$/.exec(window.location.hash)?.[1];
  if (token) {
    window.history.replaceState(null, "", "#history");
    await post("/session", { token: decode(token) }).catch(() => {});
  }
  window.addEventListener("hashchange", route);
  new EventSource("/events").addEventListener("changed", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => refresh?.(), 300);
  });
  route();
}

if (host) startInHost().catch((error) => showMessage(describe(error)));
else void startInBrowser();
