// What the allocator keeps for later. After ten thousand connections have gone it holds on to much of what
// they had, because it gives back only from the heap's end by itself.
#pragma once

#include <cstddef>
#include <string>

namespace pabal {

/// Gives back the string's memory too. `text = {}` and `text = std::string()` keep it.
inline void release(std::string& text) { std::string().swap(text); }

/// One thread at a time.
class HeapTrimmer {
 public:
  /// Gives free pages back to the system if a good deal more than after the last time is free. Walks the
  /// whole heap and holds its locks: tens of milliseconds when there is much to give. Not on a loop, not
  /// often. Returns whether it did.
  bool trim_if_worthwhile();

 private:
  std::size_t free_bytes_then_ = 0;
};

}  // namespace pabal
