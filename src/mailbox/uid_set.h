// A set of UIDs, as ranges: what STORE, COPY and EXPUNGE work on, and what COPYUID and VANISHED tell.
// A hundred thousand letters in a row are one range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mailbox/ids.h"

namespace pabal::mailbox {

class UidSet {
 public:
  struct Range {
    Uid first;
    Uid last;  ///< the range's own, not behind it
    bool operator==(const Range&) const = default;
  };

  UidSet() = default;
  explicit UidSet(Range range) { add(range); }

  /// Cheap when `uid` is behind all that is in the set, as it is when rows are walked through.
  void add(Uid uid) { add({uid, uid}); }
  void add(Range range);
  void add(const UidSet& other);
  /// The part that is in both.
  UidSet intersect(const UidSet& other) const;
  /// Without those of `other`.
  UidSet subtract(const UidSet& other) const;

  bool contains(Uid uid) const;
  bool empty() const { return ranges_.empty(); }
  std::uint64_t count() const;
  /// Ascending, apart from each other by at least one.
  std::span<const Range> ranges() const { return ranges_; }
  bool operator==(const UidSet&) const = default;

 private:
  std::vector<Range> ranges_;
};

}  // namespace pabal::mailbox
