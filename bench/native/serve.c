// The contestant's side of the pipe for what is written in C; contestants/serve.mjs describes the orders.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "floor.h"
#include "losses.h"

static const char *argument(int argc, char **argv, const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (int i = 1; i < argc; i++)
    if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') return argv[i] + length + 1;
  return otherwise;
}

static void *read_file(const char *path, size_t bytes) {
  void *data = aligned_alloc(64, (bytes + 63) / 64 * 64);
  FILE *file = fopen(path, "rb");
  if (!data || !file || fread(data, 1, bytes, file) != bytes) {
    printf("{\"skip\": \"cannot read %zu bytes\"}\n", bytes);
    exit(0);
  }
  fclose(file);
  return data;
}

static double milliseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static const char *work;
static float *x, *y, *g;
static uint8_t *labels, *reference, *prediction;
static size_t n;
static int classes, threads;
static volatile double kept;

static int known(void) {
  const char *all[] = {"bce-dice", "focal-tversky", "ce-dice", "lovasz-hinge", "read", "triad", "floor", "read-bytes"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(work, all[i]) == 0) return 1;
  return 0;
}

static double call(void) {
  if (strcmp(work, "bce-dice") == 0) return bce_dice(x, y, g, n);
  if (strcmp(work, "focal-tversky") == 0) return focal_tversky(x, y, g, n);
  if (strcmp(work, "ce-dice") == 0) return ce_dice(x, labels, g, n, classes);
  if (strcmp(work, "lovasz-hinge") == 0) return lovasz_hinge(x, y, g, n);
  if (strcmp(work, "read-bytes") == 0) return read_bytes(reference, prediction, n);
  double sum = 0;
  if (strcmp(work, "triad") != 0) sum = read_two(x, y, n, threads);
  if (strcmp(work, "read") != 0) triad(x, y, g, n, threads);
  return sum;
}

/* Answers orders until stdin ends. */
static int serve(void) {
  printf("{\"ready\": {\"version\": \"gcc %s\"}}\n", __VERSION__);
  fflush(stdout);

  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "check ", 6) == 0) {
      double value = call();
      FILE *file = fopen(line + 6, "wb");
      if (file) fwrite(g, sizeof(float), n * classes, file), fclose(file);
      printf("{\"value\": %.17g}\n", value);
      fflush(stdout);
      continue;
    }
    int untimed = 0, timed = 0;
    double idle = 0;
    sscanf(line, "run %d %d %lf", &untimed, &timed, &idle);
    double ms[64], cpu[64];
    if (timed > 64) timed = 64;
    for (int i = 0; i < untimed; i++) kept = call();
    for (int i = 0; i < timed; i++) {
      if (idle > 0) usleep(idle * 1000);
      double used = milliseconds(CLOCK_PROCESS_CPUTIME_ID), start = milliseconds(CLOCK_MONOTONIC);
      kept = call();
      ms[i] = milliseconds(CLOCK_MONOTONIC) - start;
      cpu[i] = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - used;
    }
    printf("{\"ms\": [");
    for (int i = 0; i < timed; i++) printf("%s%.6f", i ? ", " : "", ms[i]);
    printf("], \"cpu\": [");
    for (int i = 0; i < timed; i++) printf("%s%.6f", i ? ", " : "", cpu[i]);
    printf("]}\n");
    fflush(stdout);
  }
  return 0;
}

int main(int argc, char **argv) {
  work = argument(argc, argv, "work", "");
  n = strtoull(argument(argc, argv, "voxels", "0"), NULL, 10);
  classes = atoi(argument(argc, argv, "classes", "1"));
  threads = atoi(argument(argc, argv, "threads", "1"));
  if (!known() || classes > 256) {
    printf("{\"skip\": \"%s is not written in C\"}\n", work);
    return 0;
  }
  if (strcmp(work, "read-bytes") == 0) {
    reference = read_file(argument(argc, argv, "reference", ""), n);
    prediction = read_file(argument(argc, argv, "prediction", ""), n);
    return serve();
  }
  x = read_file(argument(argc, argv, "logits", ""), n * classes * sizeof(float));
  if (classes == 1) y = read_file(argument(argc, argv, "targets", ""), n * sizeof(float));
  else labels = read_file(argument(argc, argv, "labels", ""), n);
  g = aligned_alloc(64, (n * classes * sizeof(float) + 63) / 64 * 64);
  memset(g, 0, n * classes * sizeof(float));
  return serve();
}
