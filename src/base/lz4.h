// Compression for what is kept in memory and read often: some hundred MB/s in, one to two GB/s out. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pabal {

/// Without its size, which whoever unpacks must know. At most a GiB.
std::string lz4_packed(std::string_view bytes);
/// Appends `size` bytes. false, and `out` as it was: it is not what was packed.
bool append_lz4_unpacked(std::string& out, std::string_view packed, std::size_t size);

}  // namespace pabal
