// The page of the MCP Apps host, which runs in the browser: one view in a sandbox on another origin.

import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

const CAPABILITIES = {
  serverTools: {},
  serverResources: {},
  openLinks: {},
  downloadFile: {},
  message: { text: {} },
  updateModelContext: { text: {} },
  logging: {},
};

/** What the view has asked of the host, in order. */
window.asked = [];
const note = (kind, params) => void window.asked.push({ kind, params });

function awaitProxy(frame) {
  return new Promise((resolve) => {
    window.addEventListener("message", function hear(event) {
      if (event.source !== frame.contentWindow) return;
      if (event.data?.method !== "ui/notifications/sandbox-proxy-ready") return;
      window.removeEventListener("message", hear);
      resolve();
    });
  });
}

window.showView = async ({ sandbox, html, input, result, context, lacks = [] }) => {
  const frame = document.createElement("iframe");
  frame.title = "View";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
  const ready = awaitProxy(frame);
  frame.src = sandbox;
  document.body.replaceChildren(frame);
  await ready;
  const capabilities = Object.fromEntries(Object.entries(CAPABILITIES).filter(([name]) => !lacks.includes(name)));
  const bridge = new AppBridge(null, { name: "browser-tests", version: "1" }, capabilities, { hostContext: context });
  window.bridge = bridge;
  bridge.oncalltool = (params) => (note("call", params), window.callServer("tools/call", params));
  bridge.onreadresource = (params) => (note("read", params), window.callServer("resources/read", params));
  bridge.onopenlink = async (params) => (note("link", params), {});
  bridge.ondownloadfile = async (params) => (note("download", params), {});
  bridge.onmessage = async (params) => (note("message", params), {});
  bridge.onupdatemodelcontext = async (params) => (note("context", params), {});
  bridge.onrequestdisplaymode = async ({ mode }) => (note("mode", mode), { mode });
  bridge.onloggingmessage = (params) => note("log", params);
  bridge.onsizechange = ({ height }) => {
    note("size", height);
    if (height) frame.style.height = `${Math.min(height, 760)}px`;
  };
  const initialized = new Promise((resolve) => (bridge.oninitialized = resolve));
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  await bridge.sendSandboxResourceReady({ html });
  await initialized;
  await bridge.sendToolInput({ arguments: input });
  if (result) await bridge.sendToolResult(result);
};
