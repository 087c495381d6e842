// Each view in both hosts, both themes and two widths: what it shows, its accessibility, and that nothing else happens.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { AppsHost, Viewer } from "./host.mjs";
import { SCREENSHOTS, SEEDS, checkAxe, checkQuiet, checkWidth, launch, openPage, until } from "./setup.mjs";

const { ids } = SEEDS;
const read = (id) => ["read_interaction", { interaction_id: id }];

/** Of each view: how a host comes to it, where it is in the browser, and what it must show. */
const VIEWS = {
  plan: {
    call: read(ids.plan),
    place: `i/${ids.plan}`,
    texts: ["Find the sources", "Compare them", "Write the report", /Estimated cost/],
    buttons: [/^Approve/, /change/i],
  },
  run: { call: ["check_research", { interaction_id: ids.run }], place: `i/${ids.run}`, texts: [/lighthouses/], buttons: [/^(Stop|Cancel)/] },
  report: {
    call: read(ids.report),
    place: `i/${ids.report}`,
    texts: [/Sources \(\d+\)/, "Findings"],
    buttons: ["Save as HTML", "Save as Word", "Save as PDF"],
  },
  shortReport: {
    call: read(ids.shortReport),
    place: `i/${ids.shortReport}`,
    texts: ["Comparison", /Sources \(3\)/],
    buttons: ["Print"],
  },
  picture: { call: read(ids.picture), place: `i/${ids.picture}`, texts: [/red bicycle/], buttons: [], shows: "img[src]" },
  audio: { call: read(ids.audio), place: `i/${ids.audio}`, texts: [/time to go/], buttons: [], shows: "audio" },
  video: { call: read(ids.video), place: `i/${ids.video}`, texts: [/ball rolls/], buttons: [], shows: "video" },
  transcript: { call: read(ids.transcript), place: `i/${ids.transcript}`, texts: [/Speaker 1/], buttons: [] },
  failed: { call: read(ids.failed), place: `i/${ids.failed}`, texts: [/<script>__script\(\)<\/script>/], buttons: [] },
  hostile: { call: read(ids.hostile), place: `i/${ids.hostile}`, texts: [/Sources/], buttons: [] },
  hostileRun: { call: ["check_research", { interaction_id: ids.hostileRun }], place: `i/${ids.hostileRun}`, texts: [/__script/], buttons: [] },
  history: { call: ["list_interactions", {}], place: "history", texts: [/red bicycle/], buttons: [/^Delete A red bicycle/] },
  usage: { call: ["list_interactions", { totals: "day" }], place: "usage", texts: [/\$\d/, /20\d\d-\d\d-\d\d|Nov|Dec|Oct/], buttons: [] },
};

const WAYS = ["apps", "view"].flatMap((way) =>
  ["light", "dark"].flatMap((theme) => [320, 1280].map((width) => [way, theme, width])),
);

describe("views", { timeout: 600_000 }, () => {
  let browser, hosts;

  before(async () => {
    browser = await launch();
    hosts = { apps: await AppsHost.start(), view: await Viewer.start() };
    // The link works once: all pages share the session.
    await (await hosts.view.open(browser)).context().close();
  });

  after(async () => {
    await browser?.close();
    for (const host of Object.values(hosts ?? {})) await host.close();
  });

  for (const [way, theme, width] of WAYS) {
    for (const name of Object.keys(VIEWS)) {
      test(`${name} in ${way}, ${theme}, ${width} px`, { timeout: 60_000 }, async () => {
        const { call, place, texts, buttons, shows } = VIEWS[name];
        const page = await hosts[way].open(browser, { theme, width });
        try {
          const frame = await (way === "apps" ? hosts.apps.show(page, ...call) : hosts.view.show(page, place));
          for (const text of texts) await frame.getByText(text).filter({ visible: true }).first().waitFor();
          for (const title of buttons) await frame.getByRole("button", { name: title }).first().waitFor();
          if (shows) await frame.locator(shows).first().waitFor();
          await checkWidth(frame);
          await checkAxe(frame);
          checkQuiet(page);
        } finally {
          await page.screenshot({ path: join(SCREENSHOTS, `${name}-${way}-${theme}-${width}.png`) });
          await page.context().close();
        }
      });
    }
  }

  test("themes differ, and follow the host", async () => {
    const page = await hosts.apps.open(browser, { theme: "light" });
    const frame = await hosts.apps.show(page, ...VIEWS.plan.call);
    await frame.getByText("Find the sources").first().waitFor();
    const colour = () => frame.evaluate(() => getComputedStyle(document.body).color);
    const lit = await colour();
    await page.evaluate(() => window.bridge.setHostContext({ theme: "dark" }));
    await frame.waitForFunction((old) => getComputedStyle(document.body).color !== old, lit);
    await checkAxe(frame);
    assert.notEqual(await colour(), lit);
    checkQuiet(page);
    await page.context().close();
  });

  test("a view answers a ping and its teardown, and tells its height", async () => {
    const page = await hosts.apps.open(browser);
    const frame = await hosts.apps.show(page, ...VIEWS.plan.call);
    await frame.getByText("Find the sources").first().waitFor();
    const sized = () => page.evaluate(() => window.asked.some(({ kind, params }) => kind === "size" && params > 50));
    await until(sized, "a height");
    const answers = await page.evaluate(async () => {
      // As a host sends it; the bridge has no method for it.
      const view = document.querySelector("iframe").contentWindow;
      const pong = new Promise((resolve) => {
        addEventListener("message", ({ data }) => data?.id === "a-ping" && resolve(data.result));
      });
      view.postMessage({ jsonrpc: "2.0", id: "a-ping", method: "ping" }, "*");
      return [await pong, await window.bridge.teardownResource({})];
    });
    assert.deepEqual(answers, [{}, {}]);
    checkQuiet(page);
    await page.context().close();
  });

  test("a host that drops the data of a view gets it from the view's own call", async () => {
    const page = await hosts.apps.open(browser);
    const result = await hosts.apps.call(...VIEWS.plan.call);
    delete result._meta;
    const frame = await hosts.apps.show(page, ...VIEWS.plan.call, { result });
    await frame.getByText("Find the sources").first().waitFor();
    assert.ok(await page.evaluate(() => window.asked.some(({ kind, params }) => kind === "call" && params.name === "read_view")));
    checkQuiet(page);
    await page.context().close();
  });

  test("a link that has been used says what to do", async () => {
    const page = await openPage(browser, { origins: [hosts.view.origin] });
    await page.goto(hosts.view.link);
    await page.getByText("Run gemini-interactions-mcp view again.").waitFor();
    await page.context().close();
  });
});
