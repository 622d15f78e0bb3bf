// The main function of every test program. What a machine loses without syncs is for the crash tests' file
// hook; waiting for real ones would only cost minutes.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "core/file.h"

int main(int argc, char** argv) {
  hearth::set_disk_sync(false);
  return doctest::Context(argc, argv).run();
}
