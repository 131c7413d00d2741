#include "store/blob.h"

#include <algorithm>

namespace pabal::store {

std::optional<BlobId> BlobId::from_bytes(std::string_view bytes) {
  Sha256::Digest digest;
  if (bytes.size() != digest.size()) return std::nullopt;
  std::ranges::copy(bytes, digest.begin());
  return BlobId(digest);
}

std::string BlobId::to_hex() const { return pabal::to_hex(bytes()); }

}  // namespace pabal::store
