#!/usr/bin/env node
// The command `losskit`: committed so that npm can link it before anything is built.
import { run } from "../dist/cli/main.js";

// A reader that has seen enough, as in `losskit list | head -3`, is no error: what is written to files goes on, and so does the exit status.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  });
}

process.exitCode = await run(process.argv.slice(2));
