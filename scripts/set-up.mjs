// Installs the locked packages if they are missing or out of date, then builds; run before `npm start` and `npm test`.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`losskit needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

function npm(...args) {
  // On Windows npm is a .cmd file, which only a shell starts.
  const { status } = spawnSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}

const installed = `${root}/node_modules/.package-lock.json`;
const stale = !existsSync(installed) || statSync(installed).mtimeMs < statSync(`${root}/package-lock.json`).mtimeMs;
// onnxruntime-node's install script only fetches CUDA files; its CPU binary is in the package.
if (stale) npm("ci", "--ignore-scripts");
npm("run", "--silent", "build");
