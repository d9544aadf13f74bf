// Sends what a client of Microsoft's cloud asks there to a lab instead; the client itself stays as it is. NODE_OPTIONS
// loads it.
const https = require('https');

const lab = new URL(JSON.parse(process.env.DIRFORM_LAB).entra.authority);
const cloud = new Set(['login.microsoftonline.com', 'graph.microsoft.com']);
const request = https.request;

https.request = function (first, ...rest) {
  let options = first;
  if (typeof first === 'string' || first instanceof URL) {
    const url = new URL(first);
    const more = rest[0] !== null && typeof rest[0] === 'object' ? rest.shift() : {};
    options = { protocol: url.protocol, hostname: url.hostname, path: url.pathname + url.search, ...more };
  }
  const host = (options.hostname || options.host || '').split(':')[0];
  if (cloud.has(host)) {
    const there = { host: lab.hostname, hostname: lab.hostname, port: lab.port, servername: '', agent: undefined };
    options = { ...options, ...there };
  }
  return request.call(this, options, ...rest);
};
