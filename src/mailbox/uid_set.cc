#include "mailbox/uid_set.h"

#include <algorithm>

namespace pabal::mailbox {

namespace {

// In 64 bits, so that what is behind the highest UID has a number too.
std::uint64_t behind(const UidSet::Range& range) { return std::uint64_t{range.last.value()} + 1; }

}  // namespace

void UidSet::add(Range range) {
  if (range.first > range.last) return;
  if (ranges_.empty() || behind(ranges_.back()) < range.first.value()) {
    ranges_.push_back(range);
    return;
  }
  if (Range& back = ranges_.back(); back.first <= range.first) {
    back.last = std::max(back.last, range.last);
    return;
  }
  // All ranges that touch the new one become one with it.
  const auto first = std::ranges::partition_point(
      ranges_, [&](const Range& each) { return behind(each) < range.first.value(); });
  const auto last = std::partition_point(
      first, ranges_.end(), [&](const Range& each) { return each.first.value() <= behind(range); });
  if (first == last) {
    ranges_.insert(first, range);
    return;
  }
  first->first = std::min(first->first, range.first);
  first->last = std::max((last - 1)->last, range.last);
  ranges_.erase(first + 1, last);
}

void UidSet::add(const UidSet& other) {
  if (ranges_.empty() || other.ranges_.empty() || ranges_.back().first <= other.ranges_.front().first) {
    for (const Range& range : other.ranges_) add(range);
    return;
  }
  // Each range is added behind the ones before, which costs nothing.
  UidSet both;
  both.ranges_.reserve(ranges_.size() + other.ranges_.size());
  auto theirs = other.ranges_.begin();
  for (const Range& own : ranges_) {
    for (; theirs != other.ranges_.end() && theirs->first < own.first; ++theirs) both.add(*theirs);
    both.add(own);
  }
  for (; theirs != other.ranges_.end(); ++theirs) both.add(*theirs);
  *this = std::move(both);
}

UidSet UidSet::intersect(const UidSet& other) const {
  UidSet out;
  auto theirs = other.ranges_.begin();
  for (auto own = ranges_.begin(); own != ranges_.end() && theirs != other.ranges_.end();) {
    out.add({std::max(own->first, theirs->first), std::min(own->last, theirs->last)});
    if (own->last < theirs->last) {
      ++own;
    } else {
      ++theirs;
    }
  }
  return out;
}

UidSet UidSet::subtract(const UidSet& other) const {
  UidSet out;
  auto theirs = other.ranges_.begin();
  for (const Range& own : ranges_) {
    std::uint64_t begin = own.first.value();
    while (theirs != other.ranges_.end() && theirs->last < own.first) ++theirs;
    for (auto at = theirs; at != other.ranges_.end() && at->first <= own.last; ++at) {
      if (at->first.value() > begin) {
        out.add({Uid(static_cast<std::uint32_t>(begin)), Uid(at->first.value() - 1)});
      }
      begin = behind(*at);
      theirs = at;
    }
    if (begin <= own.last.value()) out.add({Uid(static_cast<std::uint32_t>(begin)), own.last});
  }
  return out;
}

bool UidSet::contains(Uid uid) const {
  const auto range = std::ranges::lower_bound(ranges_, uid, {}, &Range::last);
  return range != ranges_.end() && range->first <= uid;
}

std::uint64_t UidSet::count() const {
  std::uint64_t count = 0;
  for (const Range& range : ranges_) count += behind(range) - range.first.value();
  return count;
}

}  // namespace pabal::mailbox
