// What all tests of the views share: the packages, the seeds, a real Chromium, and what is wrong with a page.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const FOLDER = process.env.WEB_FOLDER;
export const SEEDS = JSON.parse(readFileSync(process.env.SEEDS, "utf8"));
export const SCREENSHOTS = join(FOLDER, "screenshots");
mkdirSync(SCREENSHOTS, { recursive: true });

/** Milliseconds after which what does not come has failed; never what is tested. */
export const PATIENCE = Number(process.env.PATIENCE ?? 30_000);

const require = createRequire(join(FOLDER, "packages.js"));
export const load = (name) => require(name);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** Starts Chromium: on Linux x64 that of the packages, elsewhere the machine's Chrome. */
export async function launch() {
  const { chromium } = load("playwright-core");
  if (process.platform !== "linux" || process.arch !== "x64") return chromium.launch({ channel: "chrome" });
  const at = join(FOLDER, "node_modules/@sparticuz/chromium/build/index.js");
  const { default: packed } = await import(pathToFileURL(at).href);
  return chromium.launch({
    executablePath: await packed.executablePath(),
    // Not its own arguments, which switch the same-origin policy off.
    args: ["--no-sandbox", "--no-zygote", "--headless=shell", "--disable-gpu"],
  });
}

/** Opens a page that notes what must not happen: scripts of others, dialogs, errors, and requests to other places. */
export async function openPage(browser, { theme = "light", width = 1280, state, origins = [] } = {}) {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: 800 },
    storageState: state,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.wrong = [];
  await page.exposeFunction("__noteScript", (where) => page.wrong.push(`a script of others ran: ${where}`));
  await page.addInitScript(() => {
    window.__script = () => window.__noteScript(location.href);
    window.alert = window.confirm = window.prompt = window.__script;
  });
  page.on("dialog", (dialog) => {
    page.wrong.push(`a dialog: ${dialog.type()} ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => page.wrong.push(`an error: ${error.stack}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.wrong.push(`${message.type()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const at = new URL(request.url());
    const own = ["data:", "blob:", "about:"].includes(at.protocol) || origins.includes(at.origin);
    if (!own) page.wrong.push(`a request to ${request.url()}`);
  });
  page.on("popup", (popup) => page.wrong.push(`a window: ${popup.url()}`));
  return page;
}

/** Fails if something has happened that must not. */
export function checkQuiet(page) {
  assert.deepEqual(page.wrong, []);
}

/** Fails if a view breaks a rule of accessibility. */
export async function checkAxe(frame) {
  await frame.evaluate(axe);
  // What fades in has too little contrast until then.
  await frame.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity);
    return Promise.allSettled(ending.map(({ finished }) => finished));
  });
  const found = await frame.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  });
  assert.deepEqual(found, []);
}

/** Fails if a view is wider than its window. */
export async function checkWidth(frame) {
  const { has, needs } = await frame.evaluate(() => ({
    has: document.documentElement.clientWidth,
    needs: document.documentElement.scrollWidth,
  }));
  assert.ok(needs <= has, `the page needs ${needs} px and has ${has}`);
}

/** Waits until something holds. */
export async function until(holds, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await holds();
    if (found) return found;
    assert.ok(Date.now() < end, `it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
