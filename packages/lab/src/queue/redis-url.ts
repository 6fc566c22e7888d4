// The URL of a Redis server: read from the command line, and shown without its password.

import { LabError } from "../errors.js";

/** Holds the password of Redis, so that it need not stand on the command line, where every user of the machine can read it. */
export const PASSWORD_VARIABLE = "LOSSKIT_REDIS_PASSWORD";

/**
 * The URL as given, with the password of the environment where it has none.
 *
 * @throws LabError USAGE for anything but redis://HOST or rediss://HOST
 */
export function parseRedisUrl(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
    throw new LabError(
      "USAGE",
      `--queue is "${hidePassword(text)}"; it is the URL of a Redis server, as in redis://192.168.1.5:6379 (rediss:// with TLS)`,
    );
  }
  const password = environment[PASSWORD_VARIABLE];
  if (url.password === "" && password) url.password = encodeURIComponent(password);
  return url.href;
}

/** The same text with *** for a password in a URL of Redis, also within an argument such as `--queue=redis://…`. */
export const hidePassword = (text: string): string => text.replace(/(rediss?:\/\/[^:@/\s]*:)[^@\s]+(@)/giu, "$1***$2");
