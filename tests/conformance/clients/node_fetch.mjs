// An upload with node's fetch.
const [url, size] = process.argv.slice(2);
const answer = await fetch(url, { method: "POST", body: Buffer.alloc(Number(size)) });
console.log(answer.status, await answer.text());
