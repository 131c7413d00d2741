#include "store/blob.h"

#include <gtest/gtest.h>

namespace pabal::store {
namespace {

TEST(BlobId, IsOrderedAsItsBytesAre) {
  Sha256::Digest digest{};
  digest[0] = '\x7f';
  const BlobId low(digest);
  digest[0] = '\x80';
  const BlobId high(digest);
  EXPECT_LT(low, high);
  EXPECT_EQ(low < high, low.bytes() < high.bytes());
}

TEST(BlobId, ComesBackFromItsBytes) {
  const BlobId id = BlobId::of("bytes");
  EXPECT_EQ(BlobId::from_bytes(id.bytes()), id);
  EXPECT_FALSE(BlobId::from_bytes(id.bytes().substr(1)));
}

}  // namespace
}  // namespace pabal::store
