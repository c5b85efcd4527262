// Serves SQS by fauxqs on one address: its own program listens on every one.
// node fauxqs.mjs FOLDER HOST PORT, where FOLDER has node_modules.
import { pathToFileURL } from "node:url";

const [folder, host, port] = process.argv.slice(2);
const { buildApp } = await import(pathToFileURL(`${folder}/node_modules/fauxqs/dist/app.js`));
await buildApp({ logger: { level: "warn" } }).listen({ host, port: Number(port) });
