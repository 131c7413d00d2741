#pragma once

#include <cstdint>

namespace pabal::pop3 {

/// What becomes of a letter that a client deletes.
enum class Deletion : std::uint8_t {
  kRemove,
  kTrash,   ///< it moves to the folder that is for that (RFC 6154), if there is one; else it is removed
  kIgnore,  ///< it stays, whatever the client believes
};

}  // namespace pabal::pop3
