#include "mailbox/shares.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal::mailbox {

namespace {

constexpr std::uint8_t kForm = 1;
/// Far longer than a change of a folder's list can be under way.
constexpr std::chrono::hours kOldEnough{1};
constexpr int kMaxTries = 16;

const store::PartitionId& partition() {
  static const store::PartitionId id("shares");
  return id;
}

std::string key_of(account::AccountId receiver) {
  std::string key;
  append_u64(key, receiver.value());
  return key;
}
std::string key_of(account::AccountId receiver, account::AccountId owner) {
  std::string key = key_of(receiver);
  append_u64(key, owner.value());
  return key;
}

/// One sharer of one receiver, as it is stored under both.
struct Share {
  WallTime noted = {};
  std::vector<FolderId> subscribed = {};
  bool operator==(const Share&) const = default;
};

std::string encode(const Share& share) {
  RecordWriter out(kForm);
  out.time(share.noted).number(share.subscribed.size());
  for (const FolderId folder : share.subscribed) out.number(folder.value());
  return out.finish();
}

Result<Share> decode(std::string_view bytes) {
  RecordReader in(bytes, kForm);
  Share share;
  share.noted = in.time();
  share.subscribed.resize(in.number(kMaxSubscribedThere));
  for (FolderId& folder : share.subscribed) folder = FolderId(in.number32());
  if (!in.complete()) return fail(ErrorKind::kCorrupt, "who shares folders with whom can't be read");
  return share;
}

}  // namespace

bool Sharer::subscribes(FolderId folder) const { return std::ranges::binary_search(subscribed, folder); }

/// `edit(optional<Share>&)` returns a Result<bool>: whether there is anything to store.
template <class Edit>
net::Task<Result<void>> Shares::change(account::AccountId receiver, account::AccountId owner, Edit edit) {
  const std::string key = key_of(receiver, owner);
  for (int tries = 0; tries < kMaxTries; ++tries) {
    PABAL_CO_TRY(const auto stored, co_await engine_.get_one(partition(), key));
    std::optional<Share> share;
    if (stored) {
      PABAL_CO_TRY(share, decode(stored->bytes));
    }
    PABAL_CO_TRY(const bool changed, edit(share));
    if (!changed) co_return Result<void>();
    store::Batch batch(partition());
    if (stored) {
      batch.expect(key, stored->version);
    } else {
      batch.expect_absent(key);
    }
    if (share) {
      batch.put(key, encode(*share));
    } else {
      batch.erase(key);
    }
    const auto committed = co_await engine_.commit(std::move(batch));
    if (committed) co_return Result<void>();
    if (committed.error().kind != ErrorKind::kConflict) co_return std::unexpected(committed.error());
  }
  co_return fail(ErrorKind::kConflict, "others keep changing who shares folders with whom");
}

// Also where it is noted already: so that nobody who saw it old forgets it now.
net::Task<Result<void>> Shares::note(account::AccountId receiver, account::AccountId owner) {
  return change(receiver, owner, [now = clock_.wall()](std::optional<Share>& share) -> Result<bool> {
    if (!share) share.emplace();
    share->noted = now;
    return true;
  });
}

net::Task<Result<void>> Shares::forget_old(account::AccountId receiver, account::AccountId owner) {
  return change(receiver, owner, [now = clock_.wall()](std::optional<Share>& share) -> Result<bool> {
    if (!share || !share->subscribed.empty() || now - share->noted < kOldEnough) return false;
    share.reset();
    return true;
  });
}

net::Task<Result<void>> Shares::set_subscribed(account::AccountId receiver, account::AccountId owner,
                                               FolderId folder, bool subscribed) {
  return change(receiver, owner,
                [now = clock_.wall(), folder, subscribed](std::optional<Share>& share) -> Result<bool> {
                  if (!share && !subscribed) return false;
                  if (!share) share = Share{.noted = now};
                  std::vector<FolderId>& all = share->subscribed;
                  const auto place = std::ranges::lower_bound(all, folder);
                  const bool is = place != all.end() && *place == folder;
                  if (is == subscribed) return false;
                  if (is) {
                    all.erase(place);
                  } else if (all.size() == kMaxSubscribedThere) {
                    return fail(ErrorKind::kOverLimit, "you may subscribe to {} folders of one person",
                                kMaxSubscribedThere);
                  } else {
                    all.insert(place, folder);
                  }
                  return true;
                });
}

net::Task<Result<std::vector<Sharer>>> Shares::list(account::AccountId receiver) {
  std::vector<Sharer> out;
  for (const account::AccountId who : {receiver, account::AccountId()}) {
    const std::string prefix = key_of(who);
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await engine_.scan(partition(), store::KeyRange::with_prefix(prefix),
                                       {.max_entries = kMaxSharers, .max_bytes = store::kMaxPageBytes}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      Cursor key(page[i].key.substr(prefix.size()));
      const auto owner = key.take_u64();
      if (!owner || *owner == receiver.value()) continue;
      PABAL_CO_TRY(Share share, decode(page[i].value));
      const auto known = std::ranges::find(out, account::AccountId(*owner), &Sharer::owner);
      if (known == out.end()) out.push_back({account::AccountId(*owner), std::move(share.subscribed)});
    }
  }
  std::ranges::sort(out, {}, &Sharer::owner);
  if (out.size() > kMaxSharers) out.resize(kMaxSharers);
  co_return out;
}

}  // namespace pabal::mailbox
