#include "mailbox/order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "base/ascii.h"
#include "message/casemap.h"
#include "message/date.h"
#include "message/encoded_word.h"
#include "message/envelope.h"

namespace pabal::mailbox {
namespace {

using message::AddressView;
using message::EnvelopeView;

/// Signed numbers in the order of unsigned ones.
std::uint64_t unsigned_order(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}

std::uint64_t key_of(std::chrono::sys_seconds when) {
  return unsigned_order(std::int64_t{when.time_since_epoch().count()});
}

std::string folded(std::string_view text) {
  const bool plain = is_ascii(text) && text.find("=?") == std::string_view::npos;
  return message::fold_case(plain ? std::string(text) : message::decode_header_text(text));
}

/// addr-mailbox of the first address: of a group it is the name (RFC 9051 §7.5.2).
std::string mailbox_of(const EnvelopeView::Addresses& addresses) {
  if (addresses.empty()) return {};
  const AddressView first = addresses.front();
  return folded(first.kind == message::Address::Kind::kGroupStart ? first.name : first.local_part);
}

/// RFC 5957 §3: the name if there is one, else the address.
std::string display_of(const EnvelopeView::Addresses& addresses) {
  if (addresses.empty()) return {};
  const AddressView first = addresses.front();
  return folded(first.name.empty() ? first.addr_spec() : first.name);
}

std::string text_of(OrderBy by, const EnvelopeView& envelope) {
  switch (by) {
    case OrderBy::kCc:
      return mailbox_of(envelope.cc);
    case OrderBy::kFrom:
      return mailbox_of(envelope.from);
    case OrderBy::kTo:
      return mailbox_of(envelope.to);
    case OrderBy::kDisplayFrom:
      return display_of(envelope.from);
    case OrderBy::kDisplayTo:
      return display_of(envelope.to);
    case OrderBy::kSubject:
      return envelope.subject ? message::fold_case(message::base_subject(*envelope.subject)) : std::string();
    default:
      return {};
  }
}

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = 1 << kDigitBits;

/// One pass of a radix sort: `order` by one digit of their keys, equal ones as they are.
void sort_by_digit(std::span<const std::uint64_t> keys, unsigned shift, std::vector<std::uint32_t>& order,
                   std::vector<std::uint32_t>& scratch) {
  const auto digit = [&](std::uint32_t i) { return keys[i] >> shift & (kDigits - 1); };
  std::array<std::uint32_t, kDigits + 1> begins{};
  for (const std::uint32_t i : order) ++begins[digit(i) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  scratch.resize(order.size());
  for (const std::uint32_t i : order) scratch[begins[digit(i)]++] = i;
  order.swap(scratch);
}

/// Keys are counted from the least of them, so that few digits tell them apart.
void sort_by_keys(std::vector<std::uint64_t>& keys, std::vector<std::uint32_t>& order,
                  std::vector<std::uint32_t>& scratch) {
  if (keys.empty()) return;
  const auto [least, most] = std::ranges::minmax(keys);
  for (std::uint64_t& key : keys) key -= least;
  const auto bits = static_cast<unsigned>(std::bit_width(most - least));
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) sort_by_digit(keys, shift, order, scratch);
}

}  // namespace

std::chrono::sys_seconds sent_date(const EnvelopeView& envelope, std::chrono::sys_seconds received) {
  const auto date = envelope.date ? message::parse_date(*envelope.date) : std::nullopt;
  return date ? date->utc : received;
}

bool OrderColumn::is_text() const {
  return by_ != OrderBy::kArrival && by_ != OrderBy::kDate && by_ != OrderBy::kSize;
}

std::string_view OrderColumn::text(std::uint32_t slot) const {
  const std::size_t begin = slot == 0 ? 0 : ends_[slot - 1];
  return std::string_view(texts_).substr(begin, ends_[slot] - begin);
}

void OrderColumn::add(const Row& row, const EnvelopeView* envelope) {
  if (by_ == OrderBy::kArrival) {
    keys_.push_back(key_of(row.received));
  } else if (by_ == OrderBy::kSize) {
    keys_.push_back(row.size_bytes);
  } else if (by_ == OrderBy::kDate) {
    keys_.push_back(key_of(envelope ? sent_date(*envelope, row.received) : row.received));
  } else {
    // Four GiB of them are more than a folder has; what is behind sorts as if it were empty.
    if (envelope) {
      const std::string text = text_of(by_, *envelope);
      if (text.size() < UINT32_MAX - texts_.size()) texts_ += text;
    }
    ends_.push_back(static_cast<std::uint32_t>(texts_.size()));
    keys_.push_back(0);
  }
}

bool OrderColumn::is_before(std::uint32_t a, std::uint32_t b) const { return text(a) < text(b); }

void OrderColumn::settle() {
  if (!is_text() || ordered_.size() == keys_.size()) return;
  // The first eight bytes tell most texts apart, and are compared as a number.
  struct Item {
    std::uint64_t head;
    std::uint32_t slot;
  };
  std::vector<Item> added;
  for (auto slot = static_cast<std::uint32_t>(ordered_.size()); slot < keys_.size(); ++slot) {
    std::uint64_t head = 0;
    const std::string_view whole = text(slot);
    for (std::size_t i = 0; i < 8; ++i)
      head = head << 8 | (i < whole.size() ? static_cast<unsigned char>(whole[i]) : 0);
    added.push_back({head, slot});
  }
  std::ranges::sort(added, [&](const Item& a, const Item& b) {
    return a.head != b.head ? a.head < b.head : is_before(a.slot, b.slot);
  });
  const std::vector<std::uint32_t> settled = std::exchange(ordered_, {});
  ordered_.reserve(keys_.size());
  auto old = settled.begin();
  for (const Item& item : added) {
    while (old != settled.end() && !is_before(item.slot, *old)) ordered_.push_back(*old++);
    ordered_.push_back(item.slot);
  }
  ordered_.insert(ordered_.end(), old, settled.end());
  std::uint64_t rank = 0;
  for (std::size_t i = 0; i < ordered_.size(); ++i) {
    if (i > 0 && text(ordered_[i - 1]) != text(ordered_[i])) ++rank;
    keys_[ordered_[i]] = rank;
  }
}

std::size_t OrderColumn::memory_bytes() const {
  return keys_.capacity() * sizeof(std::uint64_t) + texts_.capacity() +
         (ends_.capacity() + ordered_.capacity()) * sizeof(std::uint32_t);
}

std::vector<std::uint32_t> sorted_positions(std::span<const std::uint64_t> keys) {
  std::vector<std::uint64_t> counted(keys.begin(), keys.end());
  std::vector<std::uint32_t> order(keys.size());
  std::vector<std::uint32_t> scratch;
  std::iota(order.begin(), order.end(), 0U);
  sort_by_keys(counted, order, scratch);
  return order;
}

std::vector<std::uint32_t> sort_slots(std::span<const std::uint32_t> slots,
                                      std::span<const OrderTerm> terms) {
  std::vector<std::uint32_t> order(slots.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::uint64_t> keys(slots.size());
  std::vector<std::uint32_t> scratch;
  // The least important first: each sort keeps what the one before it made of equal keys.
  for (auto term = terms.rbegin(); term != terms.rend(); ++term) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const std::uint64_t key = term->column->key(slots[i]);
      keys[i] = term->reverse ? ~key : key;
    }
    sort_by_keys(keys, order, scratch);
  }
  return order;
}

}  // namespace pabal::mailbox
