// How a report of 100,000 characters opens and scrolls, against a static page of the same length in the same run.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { AppsHost, Viewer } from "./host.mjs";
import { SEEDS, checkQuiet, launch, openPage } from "./setup.mjs";

const { ids } = SEEDS;
const STEPS = 120;

/** Scrolls a page down in steps; the share of frames that took more than two frame lengths, and the longest. */
async function scroll(frame) {
  return frame.evaluate(async (steps) => {
    const next = () => new Promise(requestAnimationFrame);
    const scroller = document.scrollingElement;
    scroller.scrollTop = 0;
    const rest = [];
    let last = await next();
    for (let idle = 0; idle < 20; idle += 1) {
      const now = await next();
      rest.push(now - last);
      last = now;
    }
    const length = rest.sort((a, b) => a - b)[10];
    const lengths = [];
    for (let step = 1; step <= steps; step += 1) {
      scroller.scrollTop = ((scroller.scrollHeight - scroller.clientHeight) * step) / steps;
      const now = await next();
      lengths.push(now - last);
      last = now;
    }
    const late = lengths.filter((each) => each > 2 * length).length;
    return { late: late / steps, longest: Math.max(...lengths) / length, height: scroller.scrollHeight };
  }, STEPS);
}

describe("a long report", { timeout: 300_000 }, () => {
  let browser, hosts;

  before(async () => {
    browser = await launch();
    hosts = { apps: await AppsHost.start(), view: await Viewer.start() };
    await (await hosts.view.open(browser)).context().close();
  });

  after(async () => {
    await browser?.close();
    for (const host of Object.values(hosts ?? {})) await host.close();
  });

  for (const way of ["apps", "view"]) {
    test(`opens whole and scrolls like a static page in ${way}`, async () => {
      const page = await hosts[way].open(browser);
      const frame = await (way === "apps"
        ? hosts.apps.show(page, "read_interaction", { interaction_id: ids.report })
        : hosts.view.show(page, `i/${ids.report}`));
      await frame.getByRole("heading", { name: /^Sources/ }).waitFor({ state: "attached" });
      // All pages of the text.
      await frame.waitForFunction(() => document.querySelector("main").textContent.length > 100_000);
      const shown = await frame.evaluate(() => document.querySelector("main article").innerHTML);
      const still = await openPage(browser);
      await still.setContent(`<!doctype html><html lang="en"><title>Static</title><main>${shown}</main>`);
      // Alternately, so that what else the machine does strikes both.
      const app = [];
      const bare = [];
      for (let round = 0; round < 3; round += 1) {
        bare.push(await scroll(still.mainFrame()));
        app.push(await scroll(frame));
      }
      const best = (rounds) => Math.min(...rounds.map(({ late }) => late));
      process.stdout.write(`${way}: late frames ${JSON.stringify({ app, bare })}\n`);
      assert.ok(best(app) <= best(bare) + 0.1, `${best(app)} of the frames are late, and ${best(bare)} of a static page`);
      checkQuiet(page);
      await still.context().close();
      await page.context().close();
    });

    test(`shows its beginning before it has read the rest in ${way}`, async () => {
      const page = await hosts[way].open(browser);
      const open = (id) =>
        way === "apps"
          ? hosts.apps.show(page, "read_interaction", { interaction_id: id })
          : hosts.view.show(page, `i/${id}`);
      const measure = async (id, text) => {
        const began = performance.now();
        const frame = await open(id);
        await frame.getByText(text).filter({ visible: true }).first().waitFor();
        return performance.now() - began;
      };
      await measure(ids.audio, /time to go/);
      const ratios = [];
      for (let round = 0; round < 3; round += 1) {
        const short = await measure(ids.audio, /time to go/);
        ratios.push((await measure(ids.report, "Summary")) / short);
      }
      process.stdout.write(`${way}: a long report opens in ${ratios.map((each) => each.toFixed(1)).join(", ")} times as long\n`);
      assert.ok(Math.min(...ratios) < 8, `it takes ${ratios} times as long as a short answer`);
      checkQuiet(page);
      await page.context().close();
    });
  }
});
