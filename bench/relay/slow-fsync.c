/*
 * For LD_PRELOAD: every fsync and fdatasync takes FSYNC_MICROS and does nothing else, so that on a file system in
 * memory a commit costs everybody the same, in every round. Programs that don't go through the C library (Go's) are
 * out of its reach.
 */
#include <stdlib.h>
#include <time.h>

static int wait_instead(void) {
  static long micros = -1;
  if (micros < 0) {
    const char *given = getenv("FSYNC_MICROS");
    micros = given ? atol(given) : 1000;
  }
  struct timespec span = {micros / 1000000, (micros % 1000000) * 1000};
  nanosleep(&span, NULL);
  return 0;
}

int fsync(int descriptor) {
  (void)descriptor;
  return wait_instead();
}

int fdatasync(int descriptor) {
  (void)descriptor;
  return wait_instead();
}
