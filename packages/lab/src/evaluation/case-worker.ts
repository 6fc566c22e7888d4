// The program of one thread of the pool: measures the cases it is sent.

import { recordCase } from "./case-runner.js";

export default recordCase;
