#include "mailbox/threads.h"

#include <numeric>
#include <utility>

#include "mailbox/order.h"
#include "message/casemap.h"
#include "message/envelope.h"
#include "message/message_id.h"

namespace pabal::mailbox {
namespace {

/// An id may be quoted where it need not be: `"a"@b` is `a@b` (RFC 5256 §3).
std::string normalized(std::string id) {
  if (id.find_first_of("\"\\") == std::string::npos) return id;
  const std::size_t at = id.rfind('@');
  std::string out;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (i < at && id[i] == '"') continue;
    if (i < at && id[i] == '\\' && i + 1 < id.size()) ++i;
    out.push_back(id[i]);
  }
  return out;
}

}  // namespace

std::uint32_t ThreadKeys::number_of(Numbers& numbers, std::string text, std::uint32_t first) {
  const auto next = static_cast<std::uint32_t>(numbers.size()) + first;
  return numbers.try_emplace(std::move(text), next).first->second;
}

void ThreadKeys::add(const Row& row, const message::EnvelopeView& envelope) {
  sent_.push_back(static_cast<std::uint64_t>(sent_date(envelope, row.received).time_since_epoch().count()) ^
                  (std::uint64_t{1} << 63));
  bool answered = false;
  const std::string base = envelope.subject
                               ? message::fold_case(message::base_subject(*envelope.subject, &answered))
                               : std::string();
  subjects_.push_back(base.empty() ? kNoSubject : number_of(subject_numbers_, base, 1));
  answered_.push_back(answered);

  const auto ids_of = [](const std::optional<std::string_view>& field) {
    return field ? message::parse_message_ids(*field) : std::vector<std::string>();
  };
  std::vector<std::string> own = ids_of(envelope.message_id);
  message_ids_.push_back(own.empty() ? kNone : number_of(ids_, normalized(std::move(own.front())), 0));
  std::vector<std::string> references = ids_of(envelope.references);
  if (references.empty()) {
    // Only the first: other ids in this field are not of letters, more often than not.
    references = ids_of(envelope.in_reply_to);
    if (references.size() > 1) references.resize(1);
  }
  for (std::string& id : references) references_.push_back(number_of(ids_, normalized(std::move(id)), 0));
  reference_ends_.push_back(static_cast<std::uint32_t>(references_.size()));
}

std::span<const std::uint32_t> ThreadKeys::references(std::uint32_t slot) const {
  const std::size_t begin = slot == 0 ? 0 : reference_ends_[slot - 1];
  return std::span(references_).subspan(begin, reference_ends_[slot] - begin);
}

std::size_t ThreadKeys::memory_bytes() const {
  constexpr std::size_t kMapEntry = 96;  // a node, its string, its bucket
  return sent_.capacity() * sizeof(std::uint64_t) +
         (message_ids_.capacity() + references_.capacity() + reference_ends_.capacity() +
          subjects_.capacity()) *
             sizeof(std::uint32_t) +
         (ids_.size() + subject_numbers_.size()) * kMapEntry;
}

std::vector<ThreadItem> thread_by_subject(const ThreadKeys& keys, std::span<const std::uint32_t> slots) {
  std::vector<std::uint64_t> sent;
  for (const std::uint32_t slot : slots) sent.push_back(keys.sent(slot));
  // By date all at once: the first letter of each subject comes where its thread is to be.
  constexpr std::uint32_t kNew = UINT32_MAX;
  std::vector<std::uint32_t> thread_of(keys.subject_count(), kNew);
  std::vector<std::uint32_t> sizes;
  const std::vector<std::uint32_t> by_date = sorted_positions(sent);
  for (const std::uint32_t position : by_date) {
    std::uint32_t& thread = thread_of[keys.subject(slots[position])];
    if (thread == kNew) {
      thread = static_cast<std::uint32_t>(sizes.size());
      sizes.push_back(0);
    }
    ++sizes[thread];
  }
  std::vector<std::uint32_t> next(sizes.size());
  std::exclusive_scan(sizes.begin(), sizes.end(), next.begin(), 0U);
  const std::vector<std::uint32_t> begins = next;
  std::vector<ThreadItem> items(slots.size());
  for (const std::uint32_t position : by_date) {
    const std::uint32_t thread = thread_of[keys.subject(slots[position])];
    const std::uint32_t place = next[thread]++;
    items[place] = {.position = position, .depth = place == begins[thread] ? 0U : 1U};
  }
  return items;
}

}  // namespace pabal::mailbox
