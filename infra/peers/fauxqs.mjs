// Serves SQS by fauxqs on loopback alone: its own program listens on every address.
// node fauxqs.mjs FOLDER PORT, where FOLDER has node_modules.
import { pathToFileURL } from "node:url";

const [folder, port] = process.argv.slice(2);
const { buildApp } = await import(pathToFileURL(`${folder}/node_modules/fauxqs/dist/app.js`));
await buildApp({ logger: { level: "warn" } }).listen({ host: "127.0.0.1", port: Number(port) });
