#include "net/dns_cache.h"

#include <algorithm>

namespace pabal::net {

namespace {
/// A slip in somebody's zone should be over in a day, whatever TTL it had.
constexpr std::chrono::seconds kMaxKept = std::chrono::hours(24);
}  // namespace

Task<Result<DnsAnswer>> CachingResolver::query(std::string name, DnsType type, Deadline deadline) {
  const auto normal = normalise_dns_name(name);
  if (!normal) co_return fail(ErrorKind::kRefuse, "'{}' is not a name that the DNS can have", name);
  const Key key(*normal, type);
  if (auto known = recall(key)) co_return *std::move(known);
  auto answer = co_await behind_.query(*normal, type, deadline);
  if (answer) remember(key, *answer);
  co_return answer;
}

std::size_t CachingResolver::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::optional<DnsAnswer> CachingResolver::recall(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(found->second.until - clock_.mono());
  if (left <= std::chrono::seconds(0)) {
    forget(found);
    return std::nullopt;
  }
  by_use_.splice(by_use_.begin(), by_use_, found->second.used);
  DnsAnswer answer = found->second.answer;
  answer.ttl = left;
  return answer;
}

void CachingResolver::remember(const Key& key, const DnsAnswer& answer) {
  // A failure is asked again: the caller's own retry times are pause enough.
  if (answer.status == DnsStatus::kFailed || answer.ttl <= std::chrono::seconds(0) || max_answers_ == 0)
    return;
  const std::lock_guard lock(mutex_);
  if (const auto old = entries_.find(key); old != entries_.end()) forget(old);
  if (entries_.size() >= max_answers_) forget(entries_.find(by_use_.back()));
  by_use_.push_front(key);
  entries_.emplace(key, Entry{answer, clock_.mono() + std::min(answer.ttl, kMaxKept), by_use_.begin()});
}

void CachingResolver::forget(std::map<Key, Entry>::iterator entry) {
  by_use_.erase(entry->second.used);
  entries_.erase(entry);
}

}  // namespace pabal::net
