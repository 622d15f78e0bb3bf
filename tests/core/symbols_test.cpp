#include "core/symbols.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hearth;

TEST_CASE("equal texts have one symbol and the symbol has the text") {
  BytePool pool;
  Epoch epoch;
  Symbols symbols(pool, epoch);
  std::vector<SymbolId> ids;
  for (int i = 0; i < 5000; ++i) ids.push_back(symbols.intern("value-" + std::to_string(i)));
  const SymbolId empty = symbols.intern("");
  const std::string long_text(100'000, 'x');
  const SymbolId large = symbols.intern(long_text);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = "value-" + std::to_string(i);
    CHECK(symbols.text(ids[static_cast<size_t>(i)]) == text);
    CHECK(symbols.find(text) == ids[static_cast<size_t>(i)]);
  }
  CHECK(symbols.text(empty).empty());
  CHECK(symbols.text(large) == long_text);
  CHECK(symbols.find("nothing") == 0);
  CHECK(symbols.size() == 5002);
}

TEST_CASE("a symbol goes with its last holder, its bytes when the readers have gone") {
  BytePool pool;
  Epoch epoch;
  Symbols symbols(pool, epoch);
  const SymbolId id = symbols.intern("text");
  CHECK(symbols.intern("text") == id);
  symbols.release(id);
  CHECK(symbols.find("text") == id);
  {
    const Epoch::Guard reader = epoch.enter();
    const std::string_view text = symbols.text(id);
    symbols.release(id);
    CHECK(symbols.find("text") == 0);
    CHECK(symbols.intern("text") != id);  // not while somebody may read it
    CHECK(text == "text");
  }
  CHECK(symbols.intern("another of this size") != 0);
  CHECK(symbols.size() == 2);
}
