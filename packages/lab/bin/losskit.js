#!/usr/bin/env node
// The command `losskit`: committed so that npm can link it before anything is built.
import { run } from "../dist/cli/main.js";

// A reader that has seen enough, as in `losskit list | head -3`, is no error.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2));
