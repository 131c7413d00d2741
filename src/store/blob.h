// Blobs: immutable bytes, named by their content, shared by all that hold them.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "net/task.h"

namespace pabal::store {

/// SHA-256 of the blob's bytes.
class BlobId {
 public:
  BlobId() = default;
  explicit BlobId(const Sha256::Digest& digest) : digest_(digest) {}
  /// The id of these bytes.
  static BlobId of(std::string_view bytes) { return BlobId(Sha256::of(bytes)); }
  /// Back from bytes(); nothing if the length is wrong.
  static std::optional<BlobId> from_bytes(std::string_view bytes);

  std::string_view bytes() const { return {digest_.data(), digest_.size()}; }
  std::string to_hex() const;
  bool operator==(const BlobId&) const = default;
  /// As unsigned bytes, which is the order of keys: a char may be signed.
  std::strong_ordering operator<=>(const BlobId& other) const { return bytes() <=> other.bytes(); }

 private:
  Sha256::Digest digest_{};
};

/// Where an engine keeps the bytes of a blob between finish() and the commit that holds it. Dropping
/// the last copy of an uncommitted one gives its room back.
class StagedBytes {
 public:
  virtual ~StagedBytes() = default;
};

struct StagedBlob {
  BlobId id;
  std::uint64_t size_bytes = 0;
  std::shared_ptr<const StagedBytes> bytes;
};

/// Takes a blob as a stream. Memory stays bounded whatever the blob's size. Dropping the writer before
/// finish() leaves nothing behind. Lives on one loop.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual net::Task<Result<void>> write(std::string_view bytes) = 0;
  /// Names the blob. Attach what comes back to a batch; it is durable when that commit returns.
  virtual net::Task<Result<StagedBlob>> finish() = 0;
};

struct SweepReport {
  std::uint64_t blobs_dropped = 0;
  std::uint64_t bytes_dropped = 0;
  std::uint64_t bytes_given_back = 0;  ///< to the file system; a log may need several sweeps to shrink
};

}  // namespace pabal::store

template <>
struct std::hash<pabal::store::BlobId> {
  std::size_t operator()(const pabal::store::BlobId& id) const {
    return std::hash<std::string_view>{}(id.bytes());
  }
};
