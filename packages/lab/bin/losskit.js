#!/usr/bin/env node
// The command `losskit`: committed so that npm can link it before anything is built.
import { run } from "../dist/cli/main.js";

process.exitCode = await run(process.argv.slice(2));
