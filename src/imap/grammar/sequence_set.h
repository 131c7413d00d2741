// sequence-set (RFC 9051 §9): the numbers that a client means, and those that we tell it. Whether they are
// sequence numbers or UIDs the command knows. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "mailbox/uid_set.h"

namespace pabal::imap {

/// A client that lost its place lists every other letter of a big folder; nobody needs more.
inline constexpr std::size_t kMaxRanges = 200'000;

struct NumberRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;  ///< the range's own, not behind it
  bool operator==(const NumberRange&) const = default;
};

/// As the client wrote it: in any order, overlapping, with "*" for a number that only the session knows.
class SequenceSet {
 public:
  /// "*" in a range: the largest number in use.
  static constexpr std::uint32_t kStar = 0;

  /// sequence-set, "$" too (RFC 5182). kOverLimit: more than kMaxRanges.
  static Result<SequenceSet> parse(Cursor& in);
  static SequenceSet saved();
  static SequenceSet of(NumberRange range);

  /// "$": what the last SEARCH (SAVE) found; ranges() is empty.
  bool is_saved() const { return saved_; }
  bool has_star() const { return has_star_; }
  std::span<const NumberRange> ranges() const { return ranges_; }
  /// The largest number that is named, leaving "*" aside: beyond the folder's last it is an error in commands
  /// by sequence number (RFC 9051 §9, seq-number).
  std::uint32_t largest_named() const;

  /// Ascending, apart from each other by at least one, with "*" as `largest`: "5:*" with 3 as the largest is
  /// 3:5. An empty folder (`largest` 0) has no "*", and ranges up to it are empty.
  std::vector<NumberRange> resolve(std::uint32_t largest) const;

  bool operator==(const SequenceSet&) const = default;

 private:
  std::vector<NumberRange> ranges_;
  bool saved_ = false;
  bool has_star_ = false;
};

/// Of what resolve() gives; by halving.
bool contains(std::span<const NumberRange> ranges, std::uint32_t number);
std::uint64_t count_numbers(std::span<const NumberRange> ranges);

/// Numbers in the order in which they come, written as ranges where they rise by one: "1:3,7". For rows that
/// are walked through, and for results in an order of their own (RFC 5267 §3.1, COPYUID):
///
///     SequenceWriter numbers(out);
///     for (...) numbers.add(n);
///     numbers.finish();
class SequenceWriter {
 public:
  explicit SequenceWriter(std::string& out) : out_(out) {}
  void add(std::uint32_t number) { add({number, number}); }
  void add(NumberRange range);
  void finish();
  /// Nothing was added: a sequence-set can't be empty, and the caller writes what its rule has instead.
  bool empty() const { return empty_; }

 private:
  void flush();

  std::string& out_;
  NumberRange open_;
  bool empty_ = true;
  bool written_ = false;
};

void append_sequence_set(std::string& out, std::span<const std::uint32_t> numbers);
void append_sequence_set(std::string& out, std::span<const NumberRange> ranges);
void append_sequence_set(std::string& out, const mailbox::UidSet& uids);
void append_number(std::string& out, std::uint64_t number);

}  // namespace pabal::imap
