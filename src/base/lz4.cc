#include "base/lz4.h"

#include <lz4.h>

#include "base/check.h"

namespace pabal {

std::string lz4_packed(std::string_view bytes) {
  PABAL_CHECK(bytes.size() <= 1024 * 1024 * 1024);
  std::string out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(bytes.size()))), '\0');
  const int size = LZ4_compress_default(bytes.data(), out.data(), static_cast<int>(bytes.size()),
                                        static_cast<int>(out.size()));
  out.resize(static_cast<std::size_t>(size));
  out.shrink_to_fit();
  return out;
}

bool append_lz4_unpacked(std::string& out, std::string_view packed, std::size_t size) {
  const std::size_t begin = out.size();
  int got = -1;
  out.resize_and_overwrite(begin + size, [&](char* data, std::size_t) {
    got = LZ4_decompress_safe(packed.data(), data + begin, static_cast<int>(packed.size()),
                              static_cast<int>(size));
    return got == static_cast<int>(size) ? begin + size : begin;
  });
  return out.size() == begin + size && got >= 0;
}

}  // namespace pabal
