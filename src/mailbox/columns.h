// Columns of numbers as bytes: what pages (page_codec.h) and the log (log_ops.h) keep rows in. Equal
// neighbours are told once, so a column should hold differences of what rises and what stays as it is.
//
// A column is groups, until all of its values are told:
//
//     varint 2n     n values follow, a varint each
//     varint 2n+1   one value follows, n times the same
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pabal::mailbox {

/// A difference as a number that is small if it is near 0. Differences wrap, so every pair of numbers has
/// one.
constexpr std::uint64_t fold_sign(std::uint64_t difference) {
  return (difference << 1) ^ (static_cast<std::int64_t>(difference) < 0 ? ~std::uint64_t{0} : 0);
}
constexpr std::uint64_t unfold_sign(std::uint64_t folded) {
  return (folded >> 1) ^ (std::uint64_t{0} - (folded & 1));
}

void append_column(std::string& out, std::span<const std::uint64_t> values);
/// Fills `values` from `bytes`, which must be exactly that column.
bool read_column(std::string_view bytes, std::span<std::uint64_t> values);

}  // namespace pabal::mailbox
