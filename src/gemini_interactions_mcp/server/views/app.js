"use strict";
// The views of Gemini interactions: one page for a frame in an MCP Apps host and for a browser.
// All data is untrusted: texts become text nodes, `html` is copied tag by tag, any field may be missing.

const VIEW_KEY = "gemini-interactions/view";
const PROTOCOL = "2026-01-26";
const INLINE_HEIGHT = 800;
const LOADED_AT_ONCE = 2e6;
const isWide = () => matchMedia("(min-width: 64rem)").matches;

// ---- Data

/** @returns {any} */
const obj = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const objs = (value) => list(value).map(obj);
const str = (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");
/** @returns {any} */
const num = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

const checkAddress = (value) =>
  /^(https?|mailto):/i.test(str(value)) && URL.canParse(value) ? new URL(value).href : "";

function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const decode = (part) => attempt(() => decodeURIComponent(part)) ?? part;

// ---- Elements

/** Makes an element `tag.class` with attributes, listeners and children. */
function el(name, props, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  const plain = !props || props instanceof Node || typeof props !== "object";
  if (plain) children.unshift(props);
  node.append(...children.filter((child) => child instanceof Node || str(child)));
  for (const [key, value] of Object.entries(plain ? {} : props)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== false && (value ?? null) !== null) node.setAttribute(key, value === true ? "" : value);
  }
  return node;
}

/** Makes an element with data, which are never attributes. */
const prose = (name, text) => el(name, {}, text);
const spans = (texts) => texts.map((text) => prose("span", text));
const scrollBox = (label, ...children) =>
  el("div.scroll", { tabindex: 0, role: "group", "aria-label": label }, ...children);
const button = (label, click, props) => el("button.button", { type: "button", click, ...props }, label);
const placeLink = (label, id) => button(label, () => go({ id }), { class: "link" });

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

function actionButton(label, note, work, paying = false) {
  const control = button(label, () => doOnce(control, note, work, paying));
  return control;
}

/** Works once at a time. What may have been paid without an answer rests until the user has looked. */
async function doOnce(control, note, work, paying) {
  const group = control.closest("[data-once]") ?? control.parentElement ?? control;
  if (group.hasAttribute("data-busy")) return;
  const place = here;
  group.setAttribute("data-busy", "");
  control.setAttribute("aria-disabled", "true");
  say(note, "Working…");
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

function askFirst(from, question, action, work) {
  const note = makeNote();
  const yes = actionButton(action, note, work);
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

function promptForm(label, action, work, paying = false) {
  const note = makeNote();
  const area = el("textarea", { rows: 3 });
  const done = el("button.button", action);
  const submit = (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (text) void doOnce(done, note, () => work(text), paying);
    else area.focus();
  };
  return el("form.ask", { submit }, el("label", label, area), el("div.row", done, note));
}

// ---- Numbers and dates

let locale;

const formatNumber = (value, options) =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: 1, ...options }).format(num(value) ?? 0);

const formatMoney = (value) => {
  const dollars = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" };
  return num(value) === null ? "" : formatNumber(value, { ...dollars, maximumFractionDigits: value < 0.1 ? 4 : 2 });
};

/** @param {any} options */
function formatDate(value, options = { dateStyle: "medium", timeStyle: "short" }) {
  const date = new Date(str(value));
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(locale, options).format(date);
}

const formatClock = (value) => {
  const seconds = Math.min(Math.max(0, num(value) ?? 0), 86_399);
  return new Date(1000 * seconds).toISOString().slice(11, 19).replace(/^(00:0?|0)/, "");
};

function formatSeconds(value) {
  if (num(value) === null) return "";
  return value < 60 ? `${formatNumber(value)} s` : `${formatNumber(Math.round(value / 60))} min`;
}

function formatBytes(value) {
  const large = value >= 1e6;
  return num(value) === null ? "" : formatNumber(value / (large ? 1e6 : 1e3)) + (large ? " MB" : " kB");
}

const KINDS = { ask: "Answer", analyze: "Analysis", image: "Picture" };

function nameWord(value) {
  const word = str(value).replace(/_/g, " ");
  return Object.hasOwn(KINDS, word) ? KINDS[word] : word.charAt(0).toUpperCase() + word.slice(1);
}

const badge = (status) => el("span.badge", { "data-status": str(status) }, nameWord(status) || "Unknown");

// ---- The host, or the local viewer

/** The server has refused, with nothing done. */
class Refusal extends Error {}
class NoSession extends Error {}

let hostContext = obj();
let abilities = obj();
const unanswered = new Map();
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
      unanswered.delete(id);
      if (answer.error) reject(new Error(str(answer.error.message) || "The host has refused this."));
      else resolve(obj(answer.result));
    };
    const timer = setTimeout(settle, seconds * 1000, { error: { message: "The host has not answered." } });
    unanswered.set(id, settle);
    send({ id, method, params });
  });
}

function receive(event) {
  const message = obj(event.data);
  const { id, method } = message;
  if (event.source !== window.parent || message.jsonrpc !== "2.0") return;
  if (typeof method !== "string") unanswered.get(id)?.(message);
  else if (id === undefined) takeNews(method, obj(message.params));
  else if (method === "ping" || method === "ui/resource-teardown") send({ id, result: {} });
  else send({ id, error: { code: -32601, message: "Method not found" } });
  if (method === "ui/resource-teardown") showMessage("This view is closed.");
}

async function askViewer(method, params, seconds) {
  const answer = await post("/rpc", { method, params }, seconds);
  const used = "This link has been used or the viewer was restarted. Run gemini-interactions-mcp view again.";
  if (answer.status === 401) throw new NoSession(used);
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
  if (!resource) throw new Error("The file is empty.");
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

// ---- One view at a time

/** Aborted once another view is asked for; later answers are dropped. */
let turn = new AbortController();
/** Where the user is: `{id}` of an interaction, or `{list}`. */
let here = obj();
const trail = list();
/** @type {any} */
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
/** @returns {any} */
const placeOf = (view) =>
  ["history", "usage"].includes(view.view) ? { list: view.view } : { id: str(obj(view.interaction).id) };
const hashOf = (place) => (place.id ? `#i/${encodeURIComponent(place.id)}` : `#${place.list ?? ""}`);

/** Shows a view, with the focus on its heading if the user has asked for it. */
function show(view, focus = false) {
  const signal = startTurn();
  const known = isKnown(view);
  if (view.tools) offeredTools = list(view.tools);
  if (known) here = placeOf(view);
  main.className = known ? view.view : "plain";
  try {
    const nodes = known ? VIEWS[view.view](view, signal) : showPlain(str(view.text) || JSON.stringify(view, null, 2));
    main.replaceChildren(...nodes.filter((node) => node instanceof Node));
  } catch (error) {
    main.replaceChildren(...showPlain(`This view could not be shown. ${describe(error)}`));
  }
  if (known) refresh ??= () => readAgain(view, signal);
  main.removeAttribute("aria-busy");
  showBar();
  const heading = main.querySelector("h1");
  document.title = `${heading.textContent} – Gemini interactions`;
  if (!focus) return;
  window.scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

const showMessage = (text, focus = false) => show({ text }, focus);
const showPlain = (text) => [el("h1.unseen", { tabindex: -1 }, "Message"), el("div.words", text)];

function showResult(result, input, focus = false) {
  const before = here;
  const text = readText(result);
  const view = obj(obj(result._meta)[VIEW_KEY]);
  // The files and the plan come with the first page.
  const whole = isKnown(view) && !(obj(view.text).page > 1 && canCall());
  const id = str(placeOf(view).id) || /\binteraction_id: `?([\w.:=-]+)/.exec(text)?.[1] || str(input.interaction_id);
  if (whole && !result.isError) show(view, focus);
  else if (id && !result.isError && canCall()) void load({ id }, focus);
  else showMessage(text || "There is nothing to show.", focus);
  if (!focus || hashOf(before) === hashOf(here)) return;
  trail.push(before);
  if (!host) window.history.pushState(null, "", hashOf(here));
  showBar();
}

const readPlace = (place) =>
  readView(place.id ? { interaction_id: place.id } : { ...place, ...(place.list === "history" && filters) });

async function load(place, focus = false) {
  const signal = startTurn();
  here = place;
  main.setAttribute("aria-busy", "true");
  try {
    const view = await readPlace(place);
    if (!signal.aborted) show(view, focus);
  } catch (error) {
    if (signal.aborted) return;
    showMessage(describe(error));
    if (error instanceof NoSession) byId("bar").hidden = true;
    else main.append(button("Try again", () => load(place, true)));
  }
}

function go(place) {
  if (host) trail.push(here);
  if (host || window.location.hash === hashOf(place)) void load(place, true);
  else window.location.hash = hashOf(place);
}

/** Shows what has changed, unless the user is in the midst of something. */
async function readAgain(view, signal) {
  const next = await readPlace(placeOf(view)).catch(obj);
  const written = [...main.querySelectorAll("textarea")].some((area) => area.value);
  const noted = [...main.querySelectorAll(".note")].some((note) => note.textContent);
  const playing = [...main.querySelectorAll("audio, video")].some((media) => !media.paused);
  if (signal.aborted || !isKnown(next) || JSON.stringify(next) === JSON.stringify(view)) return;
  if (written || noted || playing || document.querySelector("dialog, [data-busy]")) return;
  const { scrollY } = window;
  show(next);
  window.scrollTo(0, scrollY);
}

/** Calls a tool, and shows its result unless the user has left meanwhile. */
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
    const current = here.list === name && "page";
    return button(nameWord(name), () => go({ list: name }), { class: "button bare tab", "aria-current": current });
  });
  const lists = (!host || (here.list && canCall())) && el("nav", { "aria-label": "Lists" }, ...tabs);
  const parts = [back, lists, fullscreenButton()].filter(Boolean);
  byId("bar").replaceChildren(...parts);
  byId("bar").hidden = !parts.length;
}

function fullscreenButton() {
  const mode = hostContext.displayMode === "fullscreen" ? "inline" : "fullscreen";
  if (!list(hostContext.availableDisplayModes).includes(mode)) return null;
  const ask = async () => {
    const answer = await askHost("ui/request-display-mode", { mode }).catch(obj);
    if (answer.mode) setContext({ displayMode: answer.mode });
  };
  return button(mode === "inline" ? "Leave full screen" : "Full screen", ask, { class: "button bare full" });
}

// ---- Texts

const COPIED =
  /^(p|br|hr|em|strong|s|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|t[hd]|span|sup|h[1-6]|a|img)$/;
const DROPPED = /^(script|style|svg|math)$/;
const BLOCK = /^(p|li|t[dh]|blockquote|[uo]l)$/;

/** Copies what `html` may have, with headings in order and ids of its own. */
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
      else if (child instanceof Element && !DROPPED.test(child.localName)) this.copyElement(child, to);
    }
  }

  copyElement(from, to) {
    const tag = from.localName;
    if (!COPIED.test(tag)) return this.copyChildren(from, to);
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
    return el(`h${Math.min(6, this.levels.length + 1)}`, { id: id ? `t-${id}` : null, tabindex: -1 });
  }

  makeLink(href) {
    if (!href.startsWith("#")) return makeLink(href);
    const props = { href: `#t-${href.slice(1)}`, "data-jump": `t-${href.slice(1)}` };
    const number = /^#source-(\d+)$/.exec(href)?.[1];
    if (!number) return el("a", props);
    const source = obj(this.sources.get(number));
    const title = [str(source.title) || str(source.url), nameSite(source)].join("\n");
    return el("a.mark", { ...props, title });
  }
}

function makeLink(url, text) {
  const href = checkAddress(url);
  return href ? el("a", { href, rel: "noopener noreferrer", target: "_blank" }, text) : el("span", text);
}

function nameSite(source) {
  const site = /^https?:\/\/(?:www\.)?([^/?]+)/.exec(checkAddress(source.url))?.[1];
  return [site, num(source.page) && `page ${source.page}`].filter(Boolean).join(", ");
}

class Reader {
  article = el("article.text", { "aria-label": "Text" });
  rest = makeNote();
  contents = el("nav.outline", { "aria-label": "Contents" });
  sources = el("section.sources");
  numbered = new Map();
  headings = list();
  page = 0;

  constructor(view, signal) {
    const text = obj(view.text);
    this.signal = signal;
    this.id = str(obj(view.interaction).id);
    this.pictures = makePictures(this.id, objs(view.files));
    this.copier = new TextCopier(this.numbered, this.pictures.make);
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
    for (const source of objs(text.sources)) this.numbered.set(str(source.number), source);
    this.headings.push(...objs(text.outline));
    this.listHeadings();
    this.listSources();
    /** @type {any} */
    let chunk;
    for (const node of [...this.copier.copy(str(text.html)).childNodes]) {
      if (!chunk || node instanceof HTMLHeadingElement || chunk.childNodes.length >= 24) {
        chunk = el("div.chunk");
        this.article.append(chunk);
      }
      chunk.append(node);
    }
  }

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
        say(rest, `The rest could not be loaded. ${describe(error)} `, true);
        if (canCall()) rest.append(button("Try again", () => (this.complete = this.readRest())));
        return false;
      }
    }
    say(rest, "");
    return this.page >= pages;
  }

  listHeadings() {
    this.contents.hidden = this.headings.length < 2;
    const first = Math.min(...this.headings.map(({ level }) => num(level)));
    const entries = this.headings.map((entry) => {
      const id = `t-${str(entry.anchor)}`;
      const depth = Math.min(2, num(entry.level) - first);
      return el(`li.depth-${depth}`, el("a", { href: `#${id}`, "data-jump": id }, str(entry.title)));
    });
    const open = this.contents.firstElementChild?.open ?? isWide();
    this.contents.replaceChildren(el("details", { open }, el("summary", "Contents"), el("ol", ...entries)));
  }

  listSources() {
    this.sources.hidden = !this.numbered.size;
    const entries = [...this.numbered].map(([number, source]) => {
      const link = makeLink(source.url, str(source.title) || checkAddress(source.url) || `Source ${number}`);
      const props = { id: `t-source-${number}`, value: number, tabindex: -1 };
      return el("li", props, link, el("small", nameSite(source)));
    });
    const title = `Sources (${formatNumber(entries.length)})`;
    this.sources.replaceChildren(el("h2", title), el("ol", ...entries));
  }
}

/** @type {any} */
let reader;

async function jump(link) {
  const id = link.dataset.jump;
  if (!byId(id)) await reader?.complete;
  const target = byId(id);
  if (!target) return;
  const menu = link.closest(".outline details");
  if (menu) menu.open = isWide();
  target.scrollIntoView();
  // Chunks that are laid out now have another height.
  requestAnimationFrame(() => target.scrollIntoView());
  target.focus({ preventScroll: true });
}

const addressFile = (id, name) => `/files/${encodeURIComponent(id)}/${encodeURIComponent(name)}`;

function makePictures(id, files) {
  const sizes = new Map(files.map((file) => [str(file.name), file]));
  const images = list();
  const fill = ({ isIntersecting, target }) => {
    if (!isIntersecting) return;
    watcher.unobserve(target);
    void fillPicture(target, id, target.dataset.file, 1024);
  };
  const watcher = new IntersectionObserver((changes) => changes.forEach(fill), { rootMargin: "800px" });
  const make = (name, alt, caption = alt) => {
    const words = el("span.caption", caption || name);
    if (!name || !canCall()) return words;
    const { width, height } = obj(sizes.get(name));
    const image = el("img", { alt: "", "data-file": name, width: num(width), height: num(height) });
    const click = () => enlarge(id, name, alt || name);
    images.push(image);
    watcher.observe(image);
    const open = el("button", { type: "button", "aria-label": `Enlarge: ${alt || name}`, click }, image);
    return el("span.picture", open, caption && words);
  };
  return { images, make };
}

async function fillPicture(image, id, name, side) {
  try {
    const { data } = await readView({ interaction_id: id, name, side });
    if (!str(data).startsWith("data:image/")) throw new Error();
    image.src = data;
    await image.decode();
  } catch {
    image.parentElement?.replaceWith(el("span.caption", "This picture could not be loaded."));
  }
}

function enlarge(id, name, alt) {
  const image = el("img", { alt });
  const head = el("div.row", el("p", alt), button("Close", () => dialog.close()));
  const props = { "aria-label": "Picture", close: () => dialog.remove() };
  const dialog = el("dialog", props, head, el("div.frame", image));
  document.body.append(dialog);
  dialog.showModal();
  if (host) void fillPicture(image, id, name, 4096);
  else image.src = addressFile(id, name);
}

/** Copies a text, also where frames may not use the clipboard. */
async function copyText(text) {
  if (await navigator.clipboard?.writeText(text).then(() => true, () => false)) return true;
  const area = el("textarea.unseen", {}, text);
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function showTextActions(text) {
  const note = makeNote();
  const copy = actionButton("Copy", note, () => copyAll(text));
  const print = actionButton("Print", note, () => printAll(text));
  const forms = Object.entries({ html: "HTML", md: "Markdown", docx: "Word", pdf: "PDF" }).map(([ending, label]) => {
    const one = actionButton(label, note, () => save(text.id, ending));
    one.ariaLabel = `Save as ${label}`;
    return one;
  });
  const saving = offers("read_interaction") && el("div.joined", "Save as", ...forms);
  return el("div.actions", { "data-once": true }, el("div.row", copy, print, saving), note);
}

async function copyAll(text) {
  const whole = await text.complete;
  const sources = [...text.numbered.values()].map((source) => `[${str(source.number)}] ${str(source.title)} ${str(source.url)}`);
  // Chunks that are not laid out have no text.
  text.article.classList.add("whole");
  const words = [text.article.innerText, ...sources].join("\n");
  text.article.classList.remove("whole");
  if (!(await copyText(words))) throw new Error("This host does not allow copying.");
  return whole ? "Copied." : "Copied what is loaded.";
}

async function printAll({ id, complete, pictures }) {
  await complete;
  const missing = pictures.images.filter((image) => !image.src);
  await Promise.all(missing.map((image) => fillPicture(image, id, image.dataset.file, 1024)));
  window.print();
  return host && "If nothing was printed, this host does not allow it: save it as PDF.";
}

async function save(id, ending) {
  const result = await callTool("read_interaction", { interaction_id: id, save_as: ending }, 300);
  const link = objs(result.content).find((block) => block.type === "resource_link");
  if (link && can("serverResources")) await download(str(link.name), str(link.uri));
  return readText(result).split("\n---")[0] || "Saved.";
}

// ---- Plans, reports and media

function showHead(item, ...facts) {
  const title = str(item.title) || str(item.topic) || "Untitled";
  const prompt = str(item.prompt).trim();
  return el(
    "header.head",
    el("p.facts", el("b", nameWord(item.kind)), badge(item.status), ...spans(facts)),
    el("h1", { tabindex: -1 }, title),
    prompt !== title.trim() && prompt && el("details.prompt", el("summary", "Prompt"), prose("div.words", prompt)),
    prose("p.callout.bad", item.error),
  );
}

function showLineage(item) {
  const previous = str(item.previous_interaction_id);
  const links = objs(item.followers).map((follower) =>
    el("li", follower.plan ? "Next plan: " : "Next: ", placeLink(str(follower.title) || "Untitled", str(follower.id))),
  );
  if (previous) links.unshift(el("li", placeLink("What came before", previous)));
  return canCall() && links.length > 0 && el("nav.lineage", el("ul", ...links));
}

const isOf = (file, kind) => str(file.mime_type).startsWith(kind);

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
  return [
    showHead(item, time, formatSeconds(item.seconds), item.cost, item.maker),
    ...(kind === "plan" ? showPlan(item, obj(view.plan)) : []),
    ...(kind === "media" ? media : []),
    ...(kind === "report" ? [body.textContent && showTextActions(text), text.contents] : []),
    body,
    text.rest,
    ...(kind === "media" ? [files.some((file) => isOf(file, "image/")) && showEdit(text.id)] : media),
    free.length > 0 && showFiles(free, text.id),
    text.sources,
    showLineage(item),
  ];
}

const PLAN_STATES = { refined: "A newer plan has taken its place.", approved: "Approved.", declined: "Declined." };

function showPlan(item, plan) {
  const steps = list(plan.steps).map((step) => prose("li", step));
  const next = str(plan.successor);
  const open = next && canCall() && button("Open it", () => go({ id: next }));
  const said = PLAN_STATES[str(plan.state)];
  const waiting = plan.state === "waiting" && item.settled !== false;
  return [
    steps.length > 0 && el("section.steps", el("h2", "Steps"), el("ol", ...steps)),
    waiting ? showApproval(item, plan) : said && el("p.callout", said, " ", open),
    el("h2", "The whole plan"),
  ];
}

function showApproval(item, plan) {
  const note = makeNote();
  const proceedWith = (more) => proceed("start_research", { previous_interaction_id: str(item.id), ...more });
  const start = () => proceedWith({ prompt: str(plan.approval) || "Go on with this plan." });
  const change = (prompt) => proceedWith({ prompt, plan_first: true });
  const approve = actionButton("Approve and start", note, start, true);
  const form = promptForm("What should change?", "Change the plan", change, true);
  approve.classList.add("primary");
  const decision = offers("start_research") ? [el("div.row", approve, note), form] : [];
  return el("section.card", { "data-once": true }, prose("p", plan.estimate), prose("p", plan.spent), ...decision);
}

function showEdit(id) {
  const edit = (prompt) => proceed("generate_image", { prompt, previous_interaction_id: id });
  return offers("generate_image") && promptForm("Change this picture", "Make it", edit, true);
}

function showFiles(files, id) {
  const entries = files.map((file) => {
    const name = str(file.name);
    const size = num(file.width) && num(file.height) && `${file.width} × ${file.height}`;
    const facts = [str(file.mime_type), size, formatSeconds(file.seconds), formatBytes(file.bytes)].filter(Boolean);
    const props = { href: addressFile(id, name), download: name, "aria-label": `Save ${name}` };
    const words = el("div", prose("span", name), el("small", facts.join(" · ")), prose("small", file.path));
    return el("li", words, !host && el("a.button", props, "Save"));
  });
  return el("section", el("h2", "Files"), el("ul.rows", ...entries));
}

/** Shows a player. Frames may play data: URLs only: there the file is read in pieces. */
function showPlayer(file, id, signal) {
  const name = str(file.name);
  const bytes = num(file.bytes) ?? 0;
  const props = { controls: true, playsinline: true, "aria-label": name };
  const media = el(isOf(file, "video/") ? "video" : "audio", props);
  if (!host) {
    media.src = addressFile(id, name);
    return { box: el("div.player", media), media };
  }
  if (!canCall()) return { box: el("p.callout", "This view cannot play the file. ", str(file.path)) };
  const note = makeNote();
  const tell = (part) => (start.textContent = `Loading, ${formatNumber(100 * part)} %`);
  const fetchAll = async () => {
    media.src = await readPieces(file, id, signal, tell);
    start.replaceWith(media);
  };
  const start = actionButton(`Load (${formatBytes(bytes)})`, note, fetchAll);
  const box = el("div.player", el("div.row", start), note);
  if (bytes <= LOADED_AT_ONCE) start.click();
  return { box, media };
}

async function readPieces(file, id, signal, tell) {
  const parts = list();
  for (let offset = 0, total = 1; offset < total; ) {
    const piece = await readView({ interaction_id: id, name: file.name, offset });
    const bytes = num(piece.bytes) ?? 0;
    if (signal.aborted || bytes <= 0 || piece.offset !== offset) throw new Error("The file could not be read.");
    parts.push(str(piece.base64));
    offset += bytes;
    total = num(piece.total) ?? 0;
    tell(offset / total);
  }
  return `data:${str(file.mime_type)};base64,${parts.join("")}`;
}

function pickRecording(media) {
  const reading = new FileReader();
  reading.onload = () => {
    media.src = reading.result;
    pick.parentElement.after(media);
  };
  const change = () => pick.files[0] && reading.readAsDataURL(pick.files[0]);
  const pick = el("input", { type: "file", accept: "audio/*,video/*", change });
  return el("label", "Play the recording (it does not leave this page)", pick);
}

function showTranscript(lines, player) {
  const starts = lines.map((line) => num(line.start));
  const media = player ?? el("video", { controls: true, "aria-label": "Recording" });
  const pick = !player && starts.some(Number.isFinite) && pickRecording(media);
  const seek = (seconds) => {
    if (pick && !media.src) return pick.click();
    media.currentTime = seconds;
    return media.play().catch(() => {});
  };
  const entries = lines.map((line, index) => {
    const start = starts[index];
    const time = start !== null && button(formatClock(start), () => seek(start), { class: "link" });
    return el("li", time, el("p", line.speaker && el("b", `${str(line.speaker)} `), line.text));
  });
  const box = scrollBox("Transcript", el("ol", ...entries));
  let free = 0;
  const hold = () => void (free = Date.now() + 5000);
  for (const name of ["wheel", "touchmove"]) box.addEventListener(name, hold, { passive: true });
  media.addEventListener("timeupdate", () => {
    const now = entries[starts.findLastIndex((start) => start !== null && start <= media.currentTime + 0.05)];
    if (!now || now.ariaCurrent === "true") return;
    for (const entry of entries) entry.ariaCurrent = String(entry === now);
    if (Date.now() > free) box.scrollTop = now.offsetTop - box.clientHeight / 3;
  });
  return el("section.transcript", el("h2", "Transcript"), pick, box);
}

// ---- A run

function showRun(view, signal) {
  const item = obj(view.interaction);
  const activity = el("p.activity");
  const facts = el("p.facts");
  const elapsed = el("span");
  const waiting = el("p.callout");
  const prospect = el("small");
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
  const now = el("section.card", activity, facts, waiting, prospect, showStop(item), note);
  return [showHead(item), now, el("div.logs", searches.box, pages.box), partial, showLineage(item)];
}

function makeLog(title) {
  const entries = el("ol.rows");
  const heading = el("h2");
  const box = el("section", heading, scrollBox(`${title}, newest first`, entries));
  const update = (nodes) => {
    for (const node of nodes.slice(entries.childElementCount)) entries.prepend(el("li", node));
    heading.textContent = `${title} (${formatNumber(nodes.length)})`;
    box.hidden = !nodes.length;
  };
  return { box, update };
}

function showStop({ id, kind, settled }) {
  if (!offers("cancel_research") || settled || !str(kind).startsWith("research")) return null;
  const work = () => proceed("cancel_research", { interaction_id: id });
  const stop = button("Stop", () => askFirst(stop, "Stop this run? What it has done may cost.", "Stop it", work));
  return el("div.row", stop);
}

/** Reads a run until it has settled, but not while the page is hidden. */
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
    const next = await readPlace(placeOf(view)).catch((error) => error);
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
  const query = el("input", { type: "search", value: filters.query });
  const kind = makeSelect(filters.kind, "Every kind", list(view.kinds));
  const status = makeSelect(filters.status, "Every status", list(view.statuses));
  const note = makeNote();
  const rows = el("ul.rows");
  const more = actionButton("Show more", note, () => read({ cursor }));
  let [cursor, asked, timer] = ["", 0, 0];
  const fill = (page, added) => {
    const entries = objs(page.rows).map((row) => showRow(row, query));
    rows.replaceChildren(...(added ? rows.children : []), ...entries);
    if (added) entries[0]?.querySelector("button")?.focus();
    cursor = str(page.next_cursor);
    more.hidden = !cursor || !canCall();
    const found = rows.childElementCount;
    const none = Object.keys(filters).length ? "Nothing matches." : "Nothing yet.";
    return found ? `${formatNumber(found)}${cursor ? " newest" : ""} shown` : none;
  };
  // A typed search keeps `timer` set until its rows are shown: rows refreshed before that would be replaced again.
  const isInUse = () => timer || rows.childElementCount > 50 || rows.querySelector(".confirm, :focus");
  const read = async (from, isKept) => {
    const mine = ++asked;
    const page = await readView({ list: "history", ...filters, ...from });
    return mine === asked && !signal.aborted && !isKept?.() ? fill(page, from) : note.textContent;
  };
  const search = async (isKept) => {
    const typed = timer;
    takeFilters({ query: query.value.trim(), kind: kind.value, status: status.value });
    await read(null, isKept).then((text) => say(note, text), (error) => say(note, describe(error), true));
    if (typed === timer) timer = 0;
  };
  const input = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void search(), 350);
  };
  const submit = (event) => event.preventDefault();
  const labels = Object.entries({ Search: query, Kind: kind, Status: status }).map((pair) => el("label", ...pair));
  refresh = () => isInUse() || void search(isInUse);
  say(note, fill(view));
  const form = canCall() && el("form.filters", { role: "search", submit, input }, ...labels);
  return [el("h1", { tabindex: -1 }, "History"), form, note, rows, el("div.row", more)];
}

function makeSelect(chosen, all, values) {
  const choose = (value) => el("option", { value: str(value), selected: value === chosen }, nameWord(value));
  return el("select", el("option", { value: "" }, all), ...values.map(choose));
}

function showRow(row, fallback) {
  const id = str(row.interaction_id);
  const handle = id || str(row.label);
  const title = (str(row.topic) || str(row.prompt) || handle).slice(0, 200);
  const files = num(row.files) ? `Files: ${row.files}` : "";
  const facts = [nameWord(row.kind), formatDate(row.created_at), formatMoney(row.cost_usd), row.activity, files];
  const work = async () => {
    await callTool("delete_interaction", { interaction_id: handle });
    const next = entry.nextElementSibling?.querySelector("button") ?? fallback;
    entry.remove();
    next.focus();
    announce("Deleted.");
  };
  const ask = () => askFirst(remove, "Delete this for good?", "Delete", work);
  const remove = button("Delete", ask, { class: "button bare", "aria-label": `Delete ${title}` });
  const open = id && canCall() ? placeLink(title, id) : prose("span", title);
  const words = el("div", open, el("p.facts", badge(row.status), ...spans(facts)), prose("p.error", row.error));
  const entry = el("li", words, offers("delete_interaction") && remove);
  return entry;
}

// ---- The usage

const costOf = (row) => num(row.cost_usd) ?? 0;

function showUsage(view) {
  const total = obj(view.total);
  const limits = objs(view.limits).map((limit) =>
    showLimit(limit.name, limit.spent_usd, limit.limit_usd, formatMoney),
  );
  limits.push(showLimit("research runs today", view.runs_today, view.runs_limit, formatNumber));
  const since = formatDate(view.since, { dateStyle: "medium", timeZone: "UTC" });
  const sum = `${formatMoney(total.cost_usd) || "Unknown costs"} for ${formatNumber(total.runs)} runs`;
  return [
    el("h1", { tabindex: -1 }, "Usage"),
    el("p.lead", num(total.runs) ? sum : "Nothing used", since && ` since ${since}`),
    el("section.limits", ...limits),
    showTable("Day", fillDays(objs(view.days), view.since), drawDays),
    showTable("Model", objs(view.models).sort((one, two) => costOf(two) - costOf(one))),
    showTable("Kind", objs(view.kinds)),
    prose("p.lead", view.notes),
  ];
}

function showLimit(name, spent, limit, format) {
  const [used, most] = [num(spent) ?? 0, num(limit)];
  const head = el("p", el("span", nameWord(name)), el("b", format(used)));
  const lead = format === formatMoney ? "Spent or reserved; " : "";
  if (most === null) return el("div.limit", head, el("small", lead ? `${lead}no limit` : "No limit"));
  const left = `${lead}${format(Math.max(0, most - used))} left of ${format(most)}`;
  return el("div.limit", head, drawBar(most > 0 ? used / most : 1, true), el("small", left));
}

function drawBar(part, limited) {
  const bar = el("span", { class: limited && part > 0.9 && "most" });
  bar.style.width = `${100 * Math.min(1, part)}%`;
  return el("div.meter", bar);
}

function showTable(column, rows, chart) {
  if (!rows.length) return null;
  const top = Math.max(...rows.map(costOf)) || 1;
  const title = `Dollars by ${column.toLowerCase()}`;
  const lines = rows.map((row) => {
    const unpriced = num(row.unpriced_runs) ? ` + ${formatNumber(row.unpriced_runs)} unpriced` : "";
    const counts = [row.runs, row.input_tokens, row.output_tokens].map((count) => formatNumber(count));
    const cells = [(formatMoney(row.cost_usd) || "unknown") + unpriced, ...counts].map((text) => el("td.right", text));
    return el("tr", el("th", { scope: "row" }, row.name, drawBar(costOf(row) / top, false)), ...cells);
  });
  const heads = ["Cost", "Runs", "Input tokens", "Output tokens"].map((name) => el("th.right", { scope: "col" }, name));
  const head = el("thead", el("tr", el("th", { scope: "col" }, column), ...heads));
  const box = scrollBox(`${title}, table`, el("table", head, el("tbody", ...lines)));
  const shown = chart ? [chart(rows, top), el("details", el("summary", "Show as a table"), box)] : [box];
  return el("section.usage-part", el("h2", title), ...shown);
}

function fillDays(days, since) {
  const start = Date.parse(since);
  return !start || !days.length ? days : Array.from({ length: 30 }, (_, index) => {
    const name = new Date(start + index * 864e5).toISOString().slice(0, 10);
    return days.find((day) => day.name === name) ?? { name, cost_usd: 0 };
  });
}

function drawDays(days, top) {
  const nameDay = (day) => formatDate(obj(day).name, { month: "short", day: "numeric", timeZone: "UTC" });
  const columns = days.map((day) => {
    const bar = el("i");
    bar.style.height = `${(100 * costOf(day)) / top}%`;
    return el("span", { title: `${nameDay(day)}: ${formatMoney(costOf(day))}` }, bar);
  });
  const props = { role: "img", "aria-label": "Bars of the days in the table below" };
  const ends = [prose("span", nameDay(days[0])), prose("span", nameDay(days.at(-1)))];
  return el("div.days", props, el("small", formatMoney(top)), el("div", ...columns), el("p", ...ends));
}

document.addEventListener("click", (/** @type {any} */ event) => {
  const link = event.target.closest?.("a");
  if (!link || link.hasAttribute("download")) return;
  event.preventDefault();
  if (link.dataset.jump) void jump(link);
  else openLink(link.href);
});

// ---- The start

let toolInput = obj({});
let hostReady = Promise.resolve(obj());

function takeNews(method, params) {
  const news = method.replace("ui/notifications/", "");
  if (news === "host-context-changed") setContext(params);
  else if (news === "tool-input") toolInput = obj(params.arguments);
  else if (news === "tool-result") void hostReady.then(() => showResult(params, toolInput), () => {});
  else if (news === "tool-cancelled" && !main.querySelector("h1")) showMessage("This was cancelled.");
}

function setContext(changes) {
  hostContext = { ...hostContext, ...changes };
  const { style } = document.documentElement;
  style.colorScheme = str(hostContext.theme);
  for (const [name, value] of Object.entries(obj(obj(hostContext.styles).variables))) {
    if (name.startsWith("--")) style.setProperty(name, str(value));
  }
  locale = attempt(() => Intl.getCanonicalLocales(str(hostContext.locale).replace(/_/g, "-"))[0]);
  showBar();
}

/** Tells the host the size, within what it allows; what is longer scrolls. */
function watchSize() {
  let told = "";
  const tell = () => {
    const room = obj(hostContext.containerDimensions);
    const most = num(room.height) ?? num(room.maxHeight) ?? INLINE_HEIGHT;
    const size = { width: window.innerWidth, height: Math.min(most, Math.ceil(document.body.offsetHeight)) };
    if (told !== JSON.stringify(size)) send({ method: "ui/notifications/size-changed", params: size });
    told = JSON.stringify(size);
  };
  new ResizeObserver(tell).observe(document.body);
}

async function startInHost() {
  document.documentElement.classList.add("framed");
  window.addEventListener("message", receive);
  const appInfo = { name: "gemini-interactions-mcp", version: "1" };
  const appCapabilities = { availableDisplayModes: ["inline", "fullscreen"] };
  const late = setTimeout(() => showMessage("The host does not answer."), 10_000);
  hostReady = askHost("ui/initialize", { protocolVersion: PROTOCOL, appInfo, appCapabilities }, 3600);
  const answer = await hostReady.finally(() => clearTimeout(late));
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
