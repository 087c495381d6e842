// What the buttons of the views do, in both hosts: real calls of the real server.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { after, afterEach, before, describe, test } from "node:test";

import { AppsHost, Viewer } from "./host.mjs";
import { SEEDS, checkAxe, checkQuiet, launch, until } from "./setup.mjs";

const { ids } = SEEDS;

/** The id of what a tool has made. */
const idOf = (result) => /interaction_id: (\S+)/.exec(result.content.map(({ text = "" }) => text).join("\n"))[1];

for (const way of ["apps", "view"]) {
  describe(`actions in ${way}`, { timeout: 300_000 }, () => {
    let browser, apps, viewer, page;

    before(async () => {
      browser = await launch();
      apps = await AppsHost.start();
      if (way === "view") {
        viewer = await Viewer.start();
        await (await viewer.open(browser)).context().close();
      }
    });

    afterEach(async () => {
      if (!page) return;
      const opened = page;
      page = null;
      checkQuiet(opened);
      await opened.context().close();
    });

    after(async () => {
      await browser?.close();
      await apps?.close();
      await viewer?.close();
    });

    /** Opens the view of an interaction, or a list. */
    async function open(id, list) {
      page = await (viewer ?? apps).open(browser);
      if (viewer) return viewer.show(page, list ?? `i/${id}`);
      if (list === "history") return apps.show(page, "list_interactions", {});
      return apps.show(page, "read_interaction", { interaction_id: id });
    }

    /** A plan of its own. */
    async function plan(topic) {
      const id = idOf(await apps.call("start_research", { prompt: topic, plan_first: true }));
      await apps.call("check_research", { interaction_id: id, wait_seconds: 30 });
      return id;
    }

    const button = (frame, name) => frame.getByRole("button", { name }).first();

    test("a plan is approved, runs, and becomes a report", async () => {
      const frame = await open(await plan(`Approved in ${way}`));
      await button(frame, /^Approve/).click();
      await button(frame, /^Stop/).waitFor();
      await checkAxe(frame);
      await button(frame, "Save as HTML").waitFor();
      await frame.getByRole("heading", { name: /Findings/ }).first().waitFor();
    });

    test("a plan is approved once, however often its button is pressed", async () => {
      const id = await plan(`Pressed often in ${way}`);
      const frame = await open(id);
      await button(frame, /^Approve/).waitFor();
      await frame.evaluate(() => {
        const approve = [...document.querySelectorAll("button")].find((each) => each.textContent.startsWith("Approve"));
        for (let times = 0; times < 5; times += 1) approve.click();
      });
      await button(frame, "Save as HTML").waitFor();
      const { contents } = await apps.client.readResource({ uri: `gemini://interactions/${id}` });
      assert.equal(contents[0].text.match(/gemini:\/\/interactions\/v1_/g)?.length ?? 1, 1);
    });

    test("a plan is changed", async () => {
      const frame = await open(await plan(`Changed in ${way}`));
      await frame.getByLabel(/change/i).fill("Add a part about fishing");
      await button(frame, /^Change/).click();
      await frame.getByText("Refined research plan").first().waitFor();
      await button(frame, /^Approve/).waitFor();
    });

    test("a run is stopped after a question within the page", async () => {
      const id = idOf(await apps.call("start_research", { prompt: `Stopped in ${way} [[seconds=600]]` }));
      const frame = await open(id);
      await button(frame, /^Stop/).click();
      await button(frame, /^Keep/).click();
      await button(frame, /^Stop/).click();
      await button(frame, /^Stop it/).click();
      await frame.getByText(/cancelled/i).first().waitFor();
    });

    test("a picture is changed", async () => {
      const frame = await open(ids.picture);
      await frame.getByLabel(/change/i).fill(`At night, in ${way}`);
      await button(frame, "Make it").click();
      await frame.getByText(new RegExp(`At night, in ${way}`)).filter({ visible: true }).first().waitFor();
      await frame.waitForFunction(() => [...document.images].some((image) => image.naturalWidth > 0));
    });

    test("a video plays", async () => {
      const frame = await open(ids.video);
      // Small files are loaded at once.
      await frame.locator("video").waitFor();
      await frame.waitForFunction(() => document.querySelector("video").readyState > 0 && document.querySelector("video").duration > 0);
    });

    test("the history is searched and read on, and a row is deleted after a question within the page", async () => {
      const doomed = idOf(await apps.call("gemini_ask", { prompt: `Delete me in ${way}` }));
      const frame = await open(null, "history");
      const rows = frame.locator("ul.rows > li");
      await frame.getByText(`Delete me in ${way}`).first().waitFor();
      const first = await rows.count();
      await button(frame, "Show more").click();
      await until(async () => (await rows.count()) > first, "more rows");
      await frame.getByRole("searchbox").fill("harbours");
      await until(async () => (await rows.allInnerTexts()).every((text) => /harbours/.test(text)), "only rows that match");
      await frame.getByRole("searchbox").fill(`me in ${way}`);
      await until(async () => (await rows.count()) === 1, "one row");
      const remove = frame.getByRole("button", { name: /^Delete Delete me/ });
      await remove.click();
      await checkAxe(frame);
      // What another server does meanwhile leaves the question as it is, wherever the focus is.
      await frame.evaluate(() => document.activeElement.blur());
      await apps.call("gemini_ask", { prompt: `Asked beside a question in ${way}` });
      await new Promise((resolve) => setTimeout(resolve, viewer ? 4_000 : 0));
      await button(frame, /^Keep/).click();
      await remove.click();
      await frame.getByRole("button", { name: "Delete", exact: true }).click();
      await until(async () => (await rows.count()) === 0, "no row");
      const read = await apps.call("read_interaction", { interaction_id: doomed });
      assert.equal(read.isError, true);
    });

    test("a report is saved as often as wanted", async () => {
      const frame = await open(ids.report);
      for (const place of [0, 1]) {
        const fetched = viewer && page.waitForEvent("download");
        await button(frame, "Save as HTML").click();
        await frame.getByText(/^Saved: .*\.html/).waitFor();
        if (fetched) assert.ok(statSync(await (await fetched).path()).size > 100_000);
        const given = await page.evaluate(() => (window.asked ?? []).filter(({ kind }) => kind === "download"));
        assert.ok(viewer || JSON.stringify(given[place].params.contents).includes(".html"));
      }
    });

    test("a report is printed with all of its pictures", async () => {
      const frame = await open(ids.report);
      await frame.evaluate(() => void (window.print = () => void (document.title = "printed")));
      await button(frame, "Print").click();
      await until(() => frame.evaluate(() => document.title === "printed"), "a print");
      const missing = await frame.locator(".picture img").evaluateAll((all) => all.filter((image) => !image.src).length);
      assert.equal(missing, 0);
    });

    if (way === "view") {
      test("what another server does shows without a reload", async () => {
        const frame = await open(null, "history");
        await frame.getByRole("heading", { name: "History" }).waitFor();
        await apps.call("gemini_ask", { prompt: "Asked elsewhere" });
        await frame.getByText("Asked elsewhere").first().waitFor();
      });

      test("a search that is still to come does not take a question away", async () => {
        await apps.call("gemini_ask", { prompt: "Delete me while I search" });
        const frame = await open(null, "history");
        await frame.getByText("Delete me while I search").first().waitFor();
        const rows = frame.locator("ul.rows > li");
        // A search waits for the end of the typing; here it waits for longer than a change takes to come.
        await frame.evaluate(() => {
          const wait = (window.realTimeout = window.setTimeout);
          window.setTimeout = (work, pause) => wait(() => void ((window.searched = true), work()), pause + 6_000);
        });
        await frame.getByRole("searchbox").fill("me while I");
        await frame.evaluate(() => void (window.setTimeout = window.realTimeout));
        await apps.call("gemini_ask", { prompt: "Asked beside a search" });
        await until(async () => (await rows.count()) === 1, "one row");
        await frame.getByRole("button", { name: /^Delete Delete me/ }).click();
        await frame.evaluate(() => document.activeElement.blur());
        await frame.waitForFunction(() => window.searched);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        assert.equal(await button(frame, /^Keep/).count(), 1);
      });

      test("back and forward move between places, and a reload stays", async () => {
        const frame = await open(null, "history");
        await frame.getByText(/red bicycle/).first().click();
        await button(frame, "Make it").waitFor();
        await page.goBack();
        await frame.getByRole("heading", { name: "History" }).waitFor();
        await page.goForward();
        await button(frame, "Make it").waitFor();
        await page.reload();
        await button(frame, "Make it").waitFor();
      });

      test("a file is sent by ranges to its own page, and to no other", async () => {
        await open(ids.video);
        const name = readFileSync(`${SEEDS.home}/journal.sqlite3`, "latin1").match(/[\w-]+\.mp4/)[0];
        const asked = await page.evaluate(async (path) => {
          const answer = await fetch(path, { headers: { range: "bytes=0-9" } });
          return [answer.status, (await answer.arrayBuffer()).byteLength];
        }, `/files/${ids.video}/${name}`);
        assert.deepEqual(asked, [206, 10]);
      });
    } else {
      test("a link goes to the host", async () => {
        const frame = await open(ids.report);
        await frame.locator("section.sources a").first().click();
        await until(() => page.evaluate(() => window.asked.some(({ kind }) => kind === "link")), "a link");
      });
    }
  });
}
