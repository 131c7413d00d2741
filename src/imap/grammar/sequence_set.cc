#include "imap/grammar/sequence_set.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "imap/grammar/tokens.h"

namespace pabal::imap {
namespace {

/// seq-number = nz-number / "*"
Result<std::uint32_t> parse_seq_number(Cursor& in) {
  if (in.take_char('*')) return SequenceSet::kStar;
  const auto number = in.take_number(UINT32_MAX);
  if (!number || *number == 0) return expected(in, "a number from 1 on, or *");
  return static_cast<std::uint32_t>(*number);
}

bool is_ascending(const NumberRange& range) {
  return range.first != SequenceSet::kStar && range.first <= range.last;
}
/// Whether `next` goes on where `range` ends, both plain.
bool rises_to(const NumberRange& range, const NumberRange& next) {
  return is_ascending(range) && is_ascending(next) && next.first - 1 == range.last;
}

}  // namespace

Result<SequenceSet> SequenceSet::parse(Cursor& in) {
  if (in.take_char('$')) return saved();
  SequenceSet set;
  do {
    NumberRange range;
    PABAL_TRY(range.first, parse_seq_number(in));
    range.last = range.first;
    if (in.take_char(':')) {
      PABAL_TRY(range.last, parse_seq_number(in));
    }
    set.has_star_ |= range.first == kStar || range.last == kStar;
    // Neighbours are joined at once: lists of every number in a folder are common, and one range then.
    if (!set.ranges_.empty() && rises_to(set.ranges_.back(), range)) {
      set.ranges_.back().last = range.last;
    } else if (set.ranges_.size() == kMaxRanges) {
      return fail(ErrorKind::kOverLimit, "More than {} ranges of numbers in one command", kMaxRanges);
    } else {
      set.ranges_.push_back(range);
    }
  } while (in.take_char(','));
  return set;
}

SequenceSet SequenceSet::saved() {
  SequenceSet set;
  set.saved_ = true;
  return set;
}

SequenceSet SequenceSet::of(NumberRange range) {
  SequenceSet set;
  set.ranges_.push_back(range);
  set.has_star_ = range.first == kStar || range.last == kStar;
  return set;
}

std::uint32_t SequenceSet::largest_named() const {
  std::uint32_t largest = 0;
  for (const NumberRange& range : ranges_) {
    for (const std::uint32_t end : {range.first, range.last}) {
      if (end != kStar) largest = std::max(largest, end);
    }
  }
  return largest;
}

std::vector<NumberRange> SequenceSet::resolve(std::uint32_t largest) const {
  std::vector<NumberRange> out;
  out.reserve(ranges_.size());
  bool ascending = true;
  for (NumberRange range : ranges_) {
    if (largest == 0 && (range.first == kStar || range.last == kStar)) continue;
    if (range.first == kStar) range.first = largest;
    if (range.last == kStar) range.last = largest;
    if (range.first > range.last) std::swap(range.first, range.last);
    ascending = ascending && (out.empty() || out.back().first <= range.first);
    out.push_back(range);
  }
  if (!ascending) std::ranges::sort(out, {}, &NumberRange::first);
  std::size_t kept = 0;
  for (const NumberRange& range : out) {
    if (kept > 0 && (out[kept - 1].last == UINT32_MAX || range.first <= out[kept - 1].last + 1)) {
      out[kept - 1].last = std::max(out[kept - 1].last, range.last);
    } else {
      out[kept++] = range;
    }
  }
  out.resize(kept);
  return out;
}

bool contains(std::span<const NumberRange> ranges, std::uint32_t number) {
  const auto behind = std::ranges::upper_bound(ranges, number, {}, &NumberRange::first);
  return behind != ranges.begin() && number <= std::prev(behind)->last;
}

std::uint64_t count_numbers(std::span<const NumberRange> ranges) {
  std::uint64_t count = 0;
  for (const NumberRange& range : ranges) count += std::uint64_t{range.last} - range.first + 1;
  return count;
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  out.append(digits, end);
}

void SequenceWriter::add(NumberRange range) {
  if (!empty_ && open_.last != UINT32_MAX && range.first == open_.last + 1) {
    open_.last = range.last;
    return;
  }
  flush();
  open_ = range;
  empty_ = false;
}

void SequenceWriter::flush() {
  if (empty_) return;
  if (written_) out_.push_back(',');
  append_number(out_, open_.first);
  if (open_.last != open_.first) {
    out_.push_back(':');
    append_number(out_, open_.last);
  }
  written_ = true;
}

void SequenceWriter::finish() { flush(); }

void append_sequence_set(std::string& out, std::span<const std::uint32_t> numbers) {
  SequenceWriter writer(out);
  for (const std::uint32_t number : numbers) writer.add(number);
  writer.finish();
}

void append_sequence_set(std::string& out, std::span<const NumberRange> ranges) {
  SequenceWriter writer(out);
  for (const NumberRange& range : ranges) writer.add(range);
  writer.finish();
}

void append_sequence_set(std::string& out, const mailbox::UidSet& uids) {
  SequenceWriter writer(out);
  for (const auto& range : uids.ranges()) writer.add({range.first.value(), range.last.value()});
  writer.finish();
}

}  // namespace pabal::imap
