// An upload with node's http module.
import http from "node:http";

const [url, size, how] = process.argv.slice(2);
const body = Buffer.alloc(Number(size));
const headers = { "Content-Length": body.length };
if (how === "expect") headers.Expect = "100-continue";
const request = http.request(url, { method: "POST", headers }, (answer) => {
  const parts = [];
  answer.on("data", (part) => parts.push(part));
  answer.on("end", () => {
    console.log(answer.statusCode, Buffer.concat(parts).toString());
    process.exit(0);
  });
});
request.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
if (how === "expect") request.on("continue", () => request.end(body)).flushHeaders();
else request.end(body);
