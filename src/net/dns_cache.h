// Remembers another resolver's answers for as long as they say, on the given clock.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "net/dns.h"

namespace pabal::net {

class CachingResolver final : public Resolver {
 public:
  /// `max_answers` of usually a few hundred bytes each; the one not asked for longest goes first. Both
  /// references must outlive the cache.
  CachingResolver(Resolver& behind, const Clock& clock, std::size_t max_answers = 10'000)
      : behind_(behind), clock_(clock), max_answers_(max_answers) {}

  Task<Result<DnsAnswer>> query(std::string name, DnsType type, Deadline deadline) override;
  std::size_t size() const;

 private:
  using Key = std::pair<std::string, DnsType>;
  struct Entry {
    DnsAnswer answer;
    MonoTime until;
    std::list<Key>::iterator used;
  };

  std::optional<DnsAnswer> recall(const Key& key);
  void remember(const Key& key, const DnsAnswer& answer);
  void forget(std::map<Key, Entry>::iterator entry);

  Resolver& behind_;
  const Clock& clock_;
  const std::size_t max_answers_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::list<Key> by_use_;  // the latest first
};

}  // namespace pabal::net
