// The two ways to a view: an MCP Apps host with the real server over stdio, and the command `view`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { FOLDER, SEEDS, load, openPage, until } from "./setup.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ENDING_SECONDS = 2;

/** What hosts set for a view that names no domains: ext-apps, specification/2026-01-26/apps.mdx. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "media-src 'self' data:",
  "connect-src 'none'",
].join("; ");

/** Passes messages on between the host and the view, which it makes from the HTML that the host sends. */
const PROXY = `<!doctype html><title>Sandbox</title><style>html,body,iframe{margin:0;border:0;width:100%;height:100%;display:block}</style><script>
let inner;
addEventListener("message", ({ source, data }) => {
  if (source === parent && data?.method === "ui/notifications/sandbox-resource-ready") {
    inner = document.createElement("iframe");
    inner.title = "Content";
    inner.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
    inner.srcdoc = data.params.html;
    document.body.replaceChildren(inner);
  } else if (source === parent) inner?.contentWindow.postMessage(data, "*");
  else if (source === inner?.contentWindow) parent.postMessage(data, "*");
});
addEventListener("DOMContentLoaded", () =>
  parent.postMessage({ jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready", params: {} }, "*"));
</script>`;

const HOST = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Host</title>
<style>body{margin:0}iframe{border:0;display:block;width:100%;height:760px}</style><body><script src="host.js"></script></body></html>`;

function serve(answers, headers = {}) {
  const server = createServer((request, response) => {
    const [type, body] = answers[new URL(request.url, "http://x").pathname] ?? [];
    response.writeHead(type ? 200 : 204, type ? { "content-type": type, ...headers } : {}).end(body);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const originOf = (server, name) => `http://${name}:${server.address().port}`;

/** An MCP Apps host; `close` it. */
export class AppsHost {
  static async start() {
    const host = new AppsHost();
    const { Client } = load("@modelcontextprotocol/client");
    const { StdioClientTransport } = load("@modelcontextprotocol/client/stdio");
    const extensions = { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } };
    const options = { capabilities: { extensions }, versionNegotiation: { mode: "auto" } };
    host.client = new Client({ name: "browser-tests", version: "1" }, options);
    const args = ["-m", "gemini_interactions_mcp"];
    await host.client.connect(new StdioClientTransport({ command: SEEDS.python, args, env: SEEDS.env, stderr: "inherit" }));
    const bundled = await load("esbuild").build({
      entryPoints: [join(HERE, "host-page.mjs")],
      nodePaths: [join(FOLDER, "node_modules")],
      bundle: true,
      write: false,
      format: "iife",
      logLevel: "error",
    });
    const script = bundled.outputFiles[0].text;
    host.outer = await serve({ "/": ["text/html", HOST], "/host.js": ["text/javascript", script] });
    // Two names of one machine are two origins.
    host.sandbox = await serve({ "/": ["text/html", PROXY] }, { "content-security-policy": POLICY });
    host.origins = [originOf(host.outer, "127.0.0.1"), originOf(host.sandbox, "localhost")];
    host.tools = (await host.client.listTools()).tools;
    return host;
  }

  /** Calls a tool as a model does. */
  async call(name, args) {
    return this.client.callTool({ name, arguments: args }, { timeout: 120_000 });
  }

  /** Opens a page on which views can be shown. */
  async open(browser, options = {}) {
    const page = await openPage(browser, { ...options, origins: this.origins });
    page.theme = options.theme ?? "light";
    await page.exposeFunction("callServer", async (method, params) =>
      method === "tools/call" ? this.call(params.name, params.arguments) : this.client.readResource(params),
    );
    await page.goto(`${this.origins[0]}/`);
    return page;
  }

  /** Calls a tool, and shows its view; returns the frame of the view. */
  async show(page, name, args, { result, lacks } = {}) {
    const tool = this.tools.find((each) => each.name === name);
    const uri = tool._meta?.ui?.resourceUri;
    assert.ok(uri, `${name} has no view`);
    const [resource] = (await this.client.readResource({ uri })).contents;
    assert.equal(resource.mimeType, "text/html;profile=mcp-app");
    const context = { theme: page.theme, displayMode: "inline", availableDisplayModes: ["inline", "fullscreen"] };
    await page.evaluate((given) => window.showView(given), {
      sandbox: `${this.origins[1]}/`,
      html: resource.text,
      input: args,
      result: result === undefined ? await this.call(name, args) : result,
      context: { ...context, containerDimensions: { width: page.viewportSize().width, maxHeight: 760 } },
      lacks,
    });
    return this.frame(page);
  }

  /** The frame of the view that a page shows now. */
  async frame(page) {
    return until(() => page.frames().find((each) => each.parentFrame()?.parentFrame()), "a view in its sandbox");
  }

  async close() {
    await this.client.close();
    this.outer.closeAllConnections();
    this.sandbox.closeAllConnections();
    this.outer.close();
    this.sandbox.close();
  }
}

/** The command `view`; `close` it. */
export class Viewer {
  static async start() {
    const viewer = new Viewer();
    const args = ["-m", "gemini_interactions_mcp", "view", "--no-open"];
    viewer.process = spawn(SEEDS.python, args, { env: SEEDS.env, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    viewer.process.stdout.on("data", (chunk) => (said += chunk));
    const found = await until(() => /Open ((http:\S+)\/#token=\S+)/.exec(said), "an address");
    [, viewer.link, viewer.origin] = found;
    return viewer;
  }

  /** Opens a page; the first one by the link that works once, the others in the same session. */
  async open(browser, options = {}) {
    const page = await openPage(browser, { ...options, state: this.state, origins: [this.origin] });
    if (this.state) return page;
    const begun = page.waitForResponse((response) => response.url().endsWith("/session"));
    await page.goto(this.link);
    assert.equal((await begun).status(), 204);
    await until(() => !page.url().includes("token"), "an address without the token");
    this.state = await page.context().storageState();
    return page;
  }

  /** Shows a place of the app; returns the frame. */
  async show(page, place) {
    await page.goto(`${this.origin}/#${place}`);
    return page.mainFrame();
  }

  async close() {
    if (this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill("SIGTERM");
      const timer = setTimeout(() => this.process.kill("SIGKILL"), 5 * ENDING_SECONDS * 1000);
      await ended;
      clearTimeout(timer);
    }
    assert.equal(this.process.exitCode, 0);
  }
}
