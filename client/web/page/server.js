// Speaks to the page's own server. What goes wrong is one of three things, and the user is told which:
// the server is gone (ServerGone), it doesn't know this page (BadKey), or the API behind it said no.

export class ServerGone extends Error {}
export class BadKey extends Error {}

export class Refused extends Error {
  constructor(status, body) {
    super(body.message ?? `HTTP ${status}`);
    this.status = status;
    this.error = body.error ?? "";
    this.fields = body.fields ?? [];
  }

  // The API may answer the next time.
  get passing() {
    return this.status >= 500 || this.status === 429;
  }
}

const KEY = "page-key";

// The key comes in the address, and doesn't stay there: addresses are seen, copied, projected.
export function takeKey() {
  const hash = new URLSearchParams(location.hash.slice(1));
  if (!hash.has("key")) return;
  sessionStorage.setItem(KEY, hash.get("key"));
  hash.delete("key");
  history.replaceState(null, "", hash.size ? `#${hash}` : location.pathname);
}

export const get = (path, query = {}) => ask("GET", path, query);
export const post = (path, body, query = {}) => ask("POST", path, query, body);
export const remove = (path) => ask("DELETE", path, {});

async function ask(method, path, query, body) {
  const given = Object.entries(query).filter(([, value]) => value != null);
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  const headers = { "X-Page-Key": sessionStorage.getItem(KEY) ?? "" };
  if (body) headers["Content-Type"] = "application/json";
  let response, answer;
  try {
    response = await fetch(`/api/${path}${search}`, {
      method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(35000),
    });
    answer = await response.json();
  } catch {
    throw new ServerGone("The page's own server doesn't answer.");
  }
  if (answer.error === "BadKey") throw new BadKey(answer.message);
  const said = response.ok ? answer : { status: response.status, body: answer };
  if (said.status >= 400) throw new Refused(said.status, said.body);
  return said.body;
}
