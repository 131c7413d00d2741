#include "base/rate_limit.h"

#include <algorithm>

namespace pabal {

bool RateLimiter::take(const std::string& asker, double count) {
  if (limit_.burst == 0) return true;
  const MonoTime now = clock_.mono();
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_.find_or_add(asker);
  const std::chrono::duration<double> since = now - bucket.at;
  const double refilled = since / std::chrono::duration<double>(limit_.period) * limit_.burst;
  bucket.missing = std::max(0.0, bucket.missing - refilled);
  bucket.at = now;
  if (bucket.missing + count > limit_.burst) return false;
  bucket.missing += count;
  return true;
}

}  // namespace pabal
