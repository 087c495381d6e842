// A certified authorization server (npm oidc-provider) for `make cluster`: clients authenticate with a secret, and get
// JWT access tokens whose audience is the resource that they name (RFC 8707).
//
//   node authority.mjs FOLDER_OF_NODE_MODULES PORT RESOURCE CLIENTS

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port, resource, clients] = process.argv.slice(2);
const found = createRequire(`${folder}/`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found).href);

const SCOPES = "interactions:read interactions:spend interactions:delete files:write";

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: Array.from({ length: Number(clients) }, (_, number) => ({
    client_id: `person-${number}`,
    client_secret: `secret-of-person-${number}`,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  })),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, named) => ({
        audience: named,
        scope: SCOPES,
        accessTokenFormat: "jwt",
        accessTokenTTL: 3600,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log(`ready for ${resource}`));
