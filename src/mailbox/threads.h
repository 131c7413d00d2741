// THREAD=ORDEREDSUBJECT and THREAD=REFERENCES (RFC 5256 §3) over prepared keys: ids and subjects as numbers,
// so that a folder's keys can be kept, and its threads made in milliseconds, as often as asked.
//
// Keys belong to one thread while they are filled; then any thread may read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mailbox/folder_table.h"
#include "message/facts_view.h"

namespace pabal::mailbox {

class ThreadKeys {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint32_t kNoSubject = 0;

  /// The next letter, in slot size().
  void add(const Row& row, const message::EnvelopeView& envelope);

  std::size_t size() const { return sent_.size(); }
  /// How many different ids were seen; they are the numbers below.
  std::size_t id_count() const { return ids_.size(); }

  /// The same for subjects.
  std::size_t subject_count() const { return subject_numbers_.size() + 1; }

  std::uint64_t sent(std::uint32_t slot) const { return sent_[slot]; }
  std::uint32_t message_id(std::uint32_t slot) const { return message_ids_[slot]; }
  /// From the first of the thread to the letter that was answered.
  std::span<const std::uint32_t> references(std::uint32_t slot) const;
  /// Base subjects that are the same have the same number.
  std::uint32_t subject(std::uint32_t slot) const { return subjects_[slot]; }
  /// An answer or a forward, by its subject.
  bool answered(std::uint32_t slot) const { return answered_[slot]; }

  std::size_t memory_bytes() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Numbers = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;

  static std::uint32_t number_of(Numbers& numbers, std::string text, std::uint32_t first);

  std::vector<std::uint64_t> sent_;
  std::vector<std::uint32_t> message_ids_;
  std::vector<std::uint32_t> references_;
  std::vector<std::uint32_t> reference_ends_;
  std::vector<std::uint32_t> subjects_;
  std::vector<bool> answered_;
  Numbers ids_;
  Numbers subject_numbers_;
};

/// A letter, or a place that holds letters together, in the order in which the trees are read: a letter, then
/// all that is below it. Roots have depth 0.
struct ThreadItem {
  static constexpr std::uint32_t kNobody = UINT32_MAX;
  std::uint32_t position = kNobody;  ///< in the slots that were given; kNobody: no letter of these
  std::uint32_t depth = 0;
  bool operator==(const ThreadItem&) const = default;
};

/// `slots` are the letters to be threaded, in the order of their sequence numbers.
std::vector<ThreadItem> thread_by_subject(const ThreadKeys& keys, std::span<const std::uint32_t> slots);
std::vector<ThreadItem> thread_by_references(const ThreadKeys& keys, std::span<const std::uint32_t> slots);

}  // namespace pabal::mailbox
