// What clients uploaded, kept for a day (RFC 8620 §6.1), in the account's partition: `jmap/upload/<SHA-256>`,
// which holds the blob. The same bytes twice are one upload, whose day begins anew. Together they may take
// what kMaxUploadBytes says; the oldest are dropped for new ones, as RFC 8620 allows.
//
// Any loop's thread; waits for the store.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jmap/detail/call.h"
#include "store/engine.h"

namespace pabal::jmap::detail {

inline constexpr std::chrono::hours kKeepUploads{24};
inline constexpr std::uint64_t kMaxUploadBytes = 500 * 1000 * 1000;
inline constexpr std::size_t kMaxUploads = 1000;

struct Upload {
  store::BlobId content;
  std::uint64_t size_bytes = 0;
  WallTime at = {};
  bool operator==(const Upload&) const = default;
};

std::string encode(const Upload& upload);
std::optional<Upload> decode_upload(store::BlobId content, std::string_view bytes);

/// Nothing: there is none, or its day is over.
net::Task<Result<std::optional<Upload>>> find_upload(Call& call, store::BlobId content);
/// Durable when it returns. Drops those whose day is over, and the oldest where room is needed.
net::Task<Result<Upload>> keep_upload(const ApiServices& services, account::AccountId account,
                                      store::StagedBlob blob);

}  // namespace pabal::jmap::detail
