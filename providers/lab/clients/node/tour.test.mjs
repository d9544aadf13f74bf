// Microsoft's Graph client for JavaScript, unmodified, against a lab: DIRFORM_LAB holds what "dirform lab serve --json" prints,
// NODE_EXTRA_CA_CERTS its CA. Run by node_test.go.
import assert from "node:assert/strict";
import { test } from "node:test";
import graph from "@microsoft/microsoft-graph-client";

const { BatchRequestContent, BatchResponseContent, Client, GraphError, PageIterator } = graph;
const lab = JSON.parse(process.env.DIRFORM_LAB).entra;
const users = Number(process.env.DIRFORM_USERS);

/** token asks for an access token as an application. */
async function token() {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: lab.client_id, client_secret: lab.client_secret,
    scope: "https://graph.microsoft.com/.default" });
  const reply = await fetch(`${lab.authority}/${lab.tenant_id}/oauth2/v2.0/token`, { method: "POST", body });
  assert.equal(reply.status, 200);
  return (await reply.json()).access_token;
}

const client = Client.initWithMiddleware({
  authProvider: { getAccessToken: token },
  baseUrl: lab.endpoint.replace(/\/v1\.0$/, ""),
  defaultVersion: "v1.0",
  customHosts: new Set([new URL(lab.endpoint).hostname]),
});

/** all gathers what a PageIterator yields from a page on. */
async function all(page) {
  const items = [];
  const pages = new PageIterator(client, page, (item) => items.push(item) > 0);
  await pages.iterate();
  assert.ok(pages.isComplete());
  return { items, deltaLink: pages.getDeltaLink() };
}

const person = (name) => ({ accountEnabled: true, displayName: `New ${name}`, mailNickname: name, userPrincipalName: `${name}@contoso.com`,
  jobTitle: "Clerk", passwordProfile: { password: "Xy12345678-z" } });

test("paging", async () => {
  const first = await client.api("/users").select("id,userPrincipalName").top(99).get();
  assert.equal(first.value.length, 99);
  const { items } = await all(first);
  assert.equal(items.length, users);
  assert.equal(new Set(items.map((u) => u.id)).size, users);
});

test("a count with the advanced query header", async () => {
  const found = await client.api("/users").header("ConsistencyLevel", "eventual").count(true)
    .filter("endsWith(userPrincipalName,'7@contoso.com')").select("userPrincipalName").get();
  assert.equal(found["@odata.count"], users / 10);
});

test("a user's life", async () => {
  const made = await client.api("/users").post(person("nora"));
  await client.api(`/users/${made.id}`).patch({ jobTitle: null, department: "R&D" });
  const read = await client.api("/users/nora@contoso.com").select("id,jobTitle,department").get();
  assert.deepEqual([read.id, read.jobTitle, read.department], [made.id, null, "R&D"]);
  await client.api(`/users/${made.id}`).delete();
  await assert.rejects(client.api(`/users/${made.id}`).get(), (e) =>
    e instanceof GraphError && e.statusCode === 404 && e.code === "Request_ResourceNotFound" && e.requestId?.length === 36);
});

test("batch", async () => {
  const url = (path) => `https://graph.microsoft.com/${path}`; // the host is cut off
  const json = { "Content-Type": "application/json" };
  const send = async (...requests) => {
    const content = await new BatchRequestContent(requests).getContent();
    return new BatchResponseContent(await client.api("/$batch").post(content));
  };
  let answers = await send(
    { id: "2", request: new Request(url("users/user004@contoso.com"), { method: "PATCH", headers: json, body: '{"jobTitle":"Head"}' }) },
    { id: "1", request: new Request(url("users/user003@contoso.com?$select=userPrincipalName"), { method: "GET" }), dependsOn: ["2"] },
    { id: "3", request: new Request(url("users/user004@contoso.com?$select=jobTitle"), { method: "GET" }), dependsOn: ["2"] },
    { id: "4", request: new Request(url("users/nobody@contoso.com"), { method: "GET" }), dependsOn: ["2"] },
  );
  assert.deepEqual(["1", "2", "3", "4"].map((id) => answers.getResponseById(id).status), [200, 204, 200, 404]);
  assert.equal((await answers.getResponseById("1").json()).userPrincipalName, "user003@contoso.com");
  assert.equal((await answers.getResponseById("3").json()).jobTitle, "Head");
  assert.equal((await answers.getResponseById("4").json()).error.code, "Request_ResourceNotFound");
  answers = await send(
    { id: "1", request: new Request(url("users/nobody@contoso.com"), { method: "GET" }) },
    { id: "2", request: new Request(url("users/user005@contoso.com"), { method: "DELETE" }), dependsOn: ["1"] },
  );
  assert.equal(answers.getResponseById("2").status, 424);
  await client.api("/users/user005@contoso.com").get();
});

test("delta", async () => {
  const first = await all(await client.api("/users/delta").select("displayName,jobTitle").get());
  assert.ok(first.items.length >= users && first.deltaLink.startsWith(lab.endpoint));
  const quiet = await all(await client.api(first.deltaLink).get());
  assert.equal(quiet.items.length, 0);
  const made = await client.api("/users").post(person("olga"));
  await client.api("/users/user010@contoso.com").patch({ jobTitle: "Head" });
  await client.api("/users/user011@contoso.com").delete();
  const { items } = await all(await client.api(quiet.deltaLink).get());
  const what = items.map((u) => u["@removed"]?.reason ?? u.jobTitle).sort();
  assert.deepEqual(what, ["Clerk", "Head", "changed"]);
  assert.ok(items.some((u) => u.id === made.id));
});

test("an expired delta link", { skip: process.env.DIRFORM_DELTA_LIFE ? false : "the lab keeps delta links" }, async () => {
  const { deltaLink } = await all(await client.api("/users/delta").select("id").get());
  await new Promise((done) => setTimeout(done, Number(process.env.DIRFORM_DELTA_LIFE)));
  await assert.rejects(client.api(deltaLink).get(), (e) => e.statusCode === 410);
});
