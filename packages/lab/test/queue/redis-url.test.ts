// URLs of Redis servers: read, and shown without their passwords.

import { expect, test } from "vitest";
import { commandLine } from "../../src/cli/shell.js";
import { hidePassword, parseRedisUrl } from "../../src/queue/redis-url.js";

test.each(["localhost", "http://localhost", "redis://", "redis:", "6379", ""])("refuses %j", (text) => {
  expect(() => parseRedisUrl(text, {})).toThrow(/it is the URL of a Redis server, as in redis:\/\//u);
});

test("takes the password from the environment where the URL has none", () => {
  const environment = { LOSSKIT_REDIS_PASSWORD: "p@ss/word" };
  expect(parseRedisUrl("redis://host:7000/2", environment)).toBe("redis://:p%40ss%2Fword@host:7000/2");
  expect(parseRedisUrl("rediss://someone:own@host", environment)).toBe("rediss://someone:own@host");
  expect(parseRedisUrl("redis://host", {})).toBe("redis://host");
});

test("hides passwords, also in the command of a report", () => {
  expect(hidePassword("redis://:secret@host:1")).toBe("redis://:***@host:1");
  expect(hidePassword("redis://someone:sec:ret@host")).toBe("redis://someone:***@host");
  expect(hidePassword("redis://host:6379")).toBe("redis://host:6379");
  expect(commandLine(["a", "--queue=rediss://u:secret@h"], {}, "evaluate")).toBe(
    "losskit evaluate a '--queue=rediss://u:***@h'",
  );
});
