// SORT (RFC 5256, RFC 5957) over prepared keys. A column holds one key of many letters, each in its slot,
// as a number: dates and sizes themselves, texts by their place in the order of i;unicode-casemap. So whoever
// keeps a folder's columns sorts a hundred thousand letters in milliseconds, as often as asked.
//
// A column belongs to one thread while it is filled; settled, any thread may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/folder_table.h"
#include "message/facts_view.h"

namespace pabal::mailbox {

enum class OrderBy : std::uint8_t {
  kArrival,
  kCc,
  kDate,
  kFrom,
  kSize,
  kSubject,
  kTo,
  kDisplayFrom,
  kDisplayTo,
};
inline constexpr std::size_t kOrderKinds = 9;

/// The sent date, or the received one when there is none that can be read (RFC 5256 §2.2).
std::chrono::sys_seconds sent_date(const message::EnvelopeView& envelope, std::chrono::sys_seconds received);

class OrderColumn {
 public:
  explicit OrderColumn(OrderBy by) : by_(by) {}

  OrderBy by() const { return by_; }
  /// Arrival and size are in the rows; the others wait for an envelope.
  static bool needs_envelope(OrderBy by) { return by != OrderBy::kArrival && by != OrderBy::kSize; }

  /// The next letter, in slot size(). `envelope` may be null where it is not needed.
  void add(const Row& row, const message::EnvelopeView* envelope);
  /// Before keys are read, once letters were added. Costs much less than all of it when few are new.
  void settle();

  std::size_t size() const { return keys_.size(); }
  std::uint64_t key(std::uint32_t slot) const { return keys_[slot]; }
  std::size_t memory_bytes() const;

 private:
  bool is_text() const;
  std::string_view text(std::uint32_t slot) const;
  bool is_before(std::uint32_t a, std::uint32_t b) const;

  OrderBy by_;
  std::vector<std::uint64_t> keys_;
  // Of texts, which are folded:
  std::string texts_;
  std::vector<std::uint32_t> ends_;     ///< by slot: where in texts_ its own ends
  std::vector<std::uint32_t> ordered_;  ///< the slots that are settled, by their texts
};

/// One criterion: a settled column, and whether it counts backwards.
struct OrderTerm {
  const OrderColumn* column = nullptr;
  bool reverse = false;
};

/// The positions in `slots` (rows in the order of the folder) in the order of the terms, the first counting
/// most; what is equal in all of them stays as it is.
std::vector<std::uint32_t> sort_slots(std::span<const std::uint32_t> slots, std::span<const OrderTerm> terms);

/// The positions of `keys` by what they are; equal ones stay as they are.
std::vector<std::uint32_t> sorted_positions(std::span<const std::uint64_t> keys);

}  // namespace pabal::mailbox
