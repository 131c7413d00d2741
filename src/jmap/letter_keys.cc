#include "jmap/letter_keys.h"

#include <algorithm>

#include "jmap/detail/body_parts.h"

namespace pabal::jmap {
namespace {

constexpr std::size_t kBatchLetters = 2048;

std::optional<mailbox::OrderColumn>& column(LetterKeys& keys, mailbox::OrderBy by) {
  return keys.columns[static_cast<std::size_t>(by)];
}

/// The first slot that some of what is wanted does not have yet.
std::size_t filled(LetterKeys& keys, const WantedKeys& wanted) {
  std::size_t out = keys.ids.size();
  for (const mailbox::OrderBy by : wanted.columns) {
    if (!column(keys, by)) column(keys, by).emplace(by);
    out = std::min(out, column(keys, by)->size());
  }
  if (wanted.attachments) {
    if (!keys.attachments) keys.attachments.emplace();
    out = std::min(out, keys.attachments->size());
  }
  return out;
}

// On a worker. A letter that is gone has its slot all the same: its keys are made of nothing.
Result<void> add(LetterKeys& keys, const WantedKeys& wanted, std::size_t first_slot,
                 std::span<const mailbox::Row> rows, const mailbox::FactsPage& page) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    message::EnvelopeView envelope;
    message::Structure structure;
    if (!page[i].empty()) {
      PABAL_TRY(envelope, message::view_envelope(page[i].envelope));
      if (wanted.attachments) {
        PABAL_TRY(structure, message::decode_structure(page[i].structure));
      }
    }
    const std::size_t slot = first_slot + i;
    for (const mailbox::OrderBy by : wanted.columns) {
      if (column(keys, by)->size() == slot) column(keys, by)->add(rows[i], &envelope);
    }
    if (wanted.attachments && keys.attachments->size() == slot)
      keys.attachments->push_back(!structure.parts.empty() && detail::has_attachment(structure));
  }
  return {};
}

}  // namespace

std::vector<std::uint32_t> LetterKeys::slots(const Snapshot& snapshot) const {
  std::vector<std::uint32_t> out;
  out.reserve(snapshot.emails().size());
  std::uint32_t slot = 0;
  for (const Email& email : snapshot.emails()) {
    while (slot < ids.size() && ids[slot] < email.id) ++slot;
    out.push_back(slot);
  }
  return out;
}

std::size_t LetterKeys::memory_bytes() const {
  std::size_t out = sizeof(*this) + ids.capacity() * sizeof(ids.front());
  for (const auto& each : columns) out += each ? each->memory_bytes() : 0;
  return out + (attachments ? attachments->size() / 8 : 0);
}

std::unique_ptr<LetterKeys> LetterKeyCache::find(account::AccountId account) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(kept_, account, &Kept::account);
  if (found == kept_.end()) return nullptr;
  std::unique_ptr<LetterKeys> out = std::move(found->keys);
  bytes_ -= found->bytes;
  kept_.erase(found);
  return out;
}

void LetterKeyCache::put(account::AccountId account, std::unique_ptr<LetterKeys> keys) {
  const std::scoped_lock lock(mutex_);
  const std::size_t bytes = keys->memory_bytes();
  if (const auto old = std::ranges::find(kept_, account, &Kept::account); old != kept_.end()) {
    bytes_ -= old->bytes;
    kept_.erase(old);
  }
  kept_.push_front({account, bytes, std::move(keys)});
  for (bytes_ += bytes; bytes_ > max_bytes_; kept_.pop_back()) bytes_ -= kept_.back().bytes;
}

net::Task<Result<std::unique_ptr<LetterKeys>>> LetterKeyCache::take(account::AccountId account,
                                                                    SnapshotRef snapshot, WantedKeys wanted) {
  std::unique_ptr<LetterKeys> keys = find(account);
  if (!keys) keys = std::make_unique<LetterKeys>();
  PABAL_CO_TRY_VOID(co_await fill(account, *snapshot, wanted, *keys));
  co_return std::move(keys);
}

net::Task<Result<void>> LetterKeyCache::fill(account::AccountId account, const Snapshot& snapshot,
                                             const WantedKeys& wanted, LetterKeys& keys) {
  // A letter that came to light late, behind higher ids: all anew.
  const auto emails = snapshot.emails();
  const auto known = [&](const Email& email) { return std::ranges::binary_search(keys.ids, email.id); };
  const auto first_new =
      keys.ids.empty() ? emails.begin() : std::ranges::upper_bound(emails, keys.ids.back(), {}, &Email::id);
  if (!std::all_of(emails.begin(), first_new, known)) keys = LetterKeys();
  for (auto at = keys.ids.empty() ? emails.begin() : first_new; at != emails.end(); ++at)
    keys.ids.push_back(at->id);

  for (std::size_t slot = filled(keys, wanted); slot < keys.ids.size();) {
    const std::size_t count = std::min(kBatchLetters, keys.ids.size() - slot);
    std::vector<mailbox::LetterId> ids(keys.ids.begin() + static_cast<std::ptrdiff_t>(slot),
                                       keys.ids.begin() + static_cast<std::ptrdiff_t>(slot + count));
    std::vector<mailbox::Row> rows;
    for (const mailbox::LetterId id : ids) {
      const Email* email = snapshot.find(id);
      mailbox::Row& row = rows.emplace_back();
      row.letter = id;
      if (email == nullptr) continue;
      row.size_bytes = email->size_bytes;
      row.received = email->received;
    }
    PABAL_CO_TRY(const mailbox::FactsPage page,
                 co_await mailboxes_.load_facts(account, std::move(ids),
                                                {.structures = wanted.attachments, .previews = false}));
    PABAL_CO_TRY_VOID(co_await workers_.run([&] { return add(keys, wanted, slot, rows, page); }));
    slot += count;
  }
  for (const mailbox::OrderBy by : wanted.columns) column(keys, by)->settle();
  co_return Result<void>();
}

}  // namespace pabal::jmap
