// Logging in, and what somebody logged in may do. The token lives in this tab's storage: other ports of this host,
// which see the cookie, do not have it.

const TOKEN = "pennywire-token";
const by = (id) => document.getElementById(id);
let session = { role: "" };

async function post(path, body) {
  const headers = { "content-type": "application/json" }, token = sessionStorage.getItem(TOKEN);
  if (token) headers["x-pennywire-token"] = token;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body || {}) });
  const found = await answer.json();
  if (answer.status === 401) become({ role: "" });
  if (!answer.ok) throw new Error(found.words || answer.statusText);
  return found;
}

/** Say something at the foot of the page for a while. */
let hiding;
export function say(words) {
  by("said").textContent = words;
  by("said").hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { by("said").hidden = true; }, 6000);
}

function become(found) {
  session = found;
  if (!found.role) sessionStorage.removeItem(TOKEN);
  by("who").textContent = found.role ? `${found.name}, ${found.role}` : "read-only";
  by("log").textContent = found.role ? "Log out" : "Log in";
  for (const name of ["disarm", "flatten"]) by(name).hidden = found.role !== "operator";
  document.body.dataset.role = found.role;
  document.dispatchEvent(new Event("session"));
}

export const isOperator = () => session.role === "operator";

/** Show the login dialog; gives whether somebody is logged in afterwards. */
function login(code = "") {
  const dialog = by("login-dialog");
  by("code").value = code;
  by("login-wrong").textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = async () => {
      if (dialog.returnValue !== "go") return resolve(false);
      try {
        const found = await post("/login", { code: by("code").value });
        sessionStorage.setItem(TOKEN, found.token);
        become(found);
        resolve(true);
      } catch (error) {
        dialog.returnValue = "";
        dialog.showModal();
        by("login-wrong").textContent = error.message;
      }
    };
  });
}

/** Ask once more, then write. `reason`: whether to ask why; `price`: whether to ask at which price at the worst. */
export async function write(what, body, title, words, go, { reason = true, price = false } = {}) {
  if (!session.role && !(await login())) return;
  const dialog = by("ask-dialog");
  by("ask-title").textContent = title;
  by("ask-words").textContent = words;
  by("ask-go").textContent = go;
  by("ask-go").className = ["kill", "flatten"].includes(what) ? "primary danger" : "primary";
  by("ask-reason-label").hidden = !reason;
  by("ask-reason").required = reason;
  by("ask-reason").value = "";
  by("ask-price-label").hidden = !price;
  by("ask-price").required = price;
  by("ask-price").value = "";
  by("ask-wrong").textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
  dialog.onclose = async () => {
    if (dialog.returnValue !== "go") return;
    const asked = { ...(reason && { reason: by("ask-reason").value }), ...(price && { worst_price: by("ask-price").value }) };
    try {
      say((await post(`/write/${what}`, { ...body, ...asked })).words);
    } catch (error) {
      dialog.returnValue = "";
      dialog.showModal();
      by("ask-wrong").textContent = `NOT done: ${error.message}`;
    }
  };
}

export async function begin() {
  by("log").onclick = async () => {
    if (session.role) {
      await post("/logout");
      become({ role: "" });
    } else await login();
  };
  by("kill").onclick = () => write("kill", { confirm: "kill" }, "Kill?",
    "No new order from the next cycle on, a Cancel for every open one; positions are left as they are.", "Kill now", { reason: false });
  by("disarm").onclick = () => write("disarm", {}, "Disarm?", "No new order; open orders stay as they are.", "Disarm");
  const token = sessionStorage.getItem(TOKEN);
  const found = token ? await (await fetch("/session", { headers: { "x-pennywire-token": token } })).json() : { role: "" };
  become(found);
  // A link of `pennywire web login` has the code behind the #, which no server and no other page sees.
  const code = location.hash.slice(1);
  if (code) {
    history.replaceState(null, "", "/");
    if (!found.role) await login(decodeURIComponent(code));
  }
}
