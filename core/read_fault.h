// Lets a test make reads of files fail, as a disk does that breaks (core/file.h has the writes).
#pragma once

#include <functional>
#include <string>

namespace hearth {

// Called before a File is opened for reading, and before each pread(); of a MappedFile a second
// time when its size is known: what is made shorter then has pages that cannot be read. Throwing
// Error(kIo) makes it fail. Threads call it one after the other.
using ReadHook = std::function<void(const std::string& path)>;
void set_read_hook(ReadHook hook);  // an empty hook removes it

}  // namespace hearth
